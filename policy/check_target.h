/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What only the whole of a policy can show of a target, and what the checks
 * of all kinds of section share.
 */
#ifndef JUMP_POLICY_CHECK_TARGET_H
#define JUMP_POLICY_CHECK_TARGET_H

#include "policy/draft.h"

/* Zones and targets are sorted by name, conduits have been looked at. */
void check_target(struct draft *d, struct target_draft *t);

/* Complains about each key that is missing; the section is broken then. */
void check_required(
	struct draft *d, struct draft_section *s, const char *name);
/* The zone, or NULL and a complaint at the section's key. */
const struct zone_draft *check_zone(struct draft *d, struct draft_section *s,
	const char *key, const char *name);

#endif
