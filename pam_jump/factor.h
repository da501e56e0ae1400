/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The second factor within one PAM transaction: asking, judging, telling
 * nothing, and the proof that the account step wants to see.
 */
#ifndef JUMP_PAM_FACTOR_H
#define JUMP_PAM_FACTOR_H

#include <stdbool.h>
#include <security/pam_modules.h>

#include "pam_jump/refusal.h"

/*
 * The three places in the auth stack (packaging/sshd/pam.d-jump-sshd):
 * mark: pam_faillock says that this account is locked. Before the question it
 *	only notes that; after it, it is what the answer is on record as.
 * ask: the question, or OtpGrace in its place.
 * refuse: holds the answer back until its time.
 * Each returns REFUSAL_NONE only from ask, and only for a right code that was
 * spent, or for grace.
 */
enum refusal factor_mark_locked(pam_handle_t *pamh);
enum refusal factor_ask(pam_handle_t *pamh);
enum refusal factor_refuse(pam_handle_t *pamh);

/*
 * Has this very transaction passed the second factor for this user, and how?
 * PAM's data can't be written by a client and dies with the process.
 */
bool factor_passed(
	pam_handle_t *pamh, const char *user, bool *ret_by_grace);

#endif
