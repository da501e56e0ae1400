/* SPDX-License-Identifier: BSD-2-Clause */
/* What this module puts on record: the events of a login and a session. */
#ifndef JUMP_PAM_REPORT_H
#define JUMP_PAM_REPORT_H

#include "audit/event.h"
#include "pam_jump/access.h"

/*
 * Each writes one event and returns 0 or the -errno of the audit copy. Where
 * audit is required, a caller about to allow something refuses on an error;
 * one that refuses anyway has nothing more to do.
 */
int report_factor(const struct who *who, const struct access *a,
	enum event_id id, enum refusal why);
/* by_grace: no code was asked for. */
int report_access(
	const struct who *who, const struct access *a, bool by_grace);
int report_session_start(const struct who *who, const struct access *a);
int report_session_refused(
	const struct who *who, const struct access *a, enum refusal why);
int report_session_end(
	const struct who *who, uint32_t uid, int64_t duration_ms);

#endif
