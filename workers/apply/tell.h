/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The events of jump-apply.
 */
#ifndef JUMP_WORKERS_APPLY_TELL_H
#define JUMP_WORKERS_APPLY_TELL_H

#include "workers/apply/accept.h"
#include "workers/apply/known.h"

void tell_policy(bool good, const char *digest, const char *detail);
/* Accepted: before its effect. 0 or -errno of the audit. */
int tell_snapshot_accepted(const struct candidate *c);
void tell_snapshot_refused(const struct candidate *c, const struct fault *why);
void tell_news(const struct news_item *item, void *context);
void tell_seed(
	const struct snapshot_user *user, const char *word, void *context);

#endif
