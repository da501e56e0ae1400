/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * May this person come in now? Everything but the second factor: enrolment,
 * key, the bastion's own state, the window, the number of sessions. Asked at
 * login and once more when the session opens, because another process of sshd
 * does that.
 */
#ifndef JUMP_PAM_ACCESS_H
#define JUMP_PAM_ACCESS_H

#include <stdbool.h>
#include <security/pam_modules.h>

#include "base/moment.h"
#include "grants/rights.h"
#include "pam_jump/records.h"
#include "pam_jump/refusal.h"
#include "pam_jump/who.h"

struct access {
	enum refusal why; /* REFUSAL_NONE: may come in */
	struct decision decision; /* borrows from view */
	bool audit_required;      /* true until the rights say otherwise */
	bool clock_known;
	struct moment_clock clock;
	int64_t now;              /* trusted UTC s; 0 unless clock_known */
	struct rights *rights;    /* NULL: none could be read */
	const struct settings *settings; /* of the rights; NULL with them */
	struct rights_user user;  /* uid 0: unknown */
	struct rights_view view;
	struct survey survey;
};
void access_done(struct access *a);
#define _cleanup_access_ __attribute__((cleanup(access_done)))

/*
 * Judges the caller; the answer is in ret_access->why. What was found before
 * something stood against it is filled in none the less: the second factor
 * needs the uid of somebody whose window is closed. Total.
 */
void access_judge(
	pam_handle_t *pamh, const struct who *who, struct access *ret_access);

/*
 * The outer bound of a session, in seconds: the longest window, with its
 * grace, of any conduit that this user has grants through. 0: none.
 */
uint64_t access_longest_sec(const struct access *a);

/*
 * Does an open session of this key and source stand for a code (OtpGrace)?
 * Only where the access is granted, the conduit has a grace, and that session
 * was itself opened with a code within it. Source: threat T-GRACE.
 */
bool access_has_otp_grace(const struct access *a);

#endif
