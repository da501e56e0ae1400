/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a credential is worth trying. A device locks an account after a few
 * wrong passwords; so one that the device did not take is not tried again
 * before somebody stores the right one, and one whose trials all broke off is
 * not tried for ever.
 */
#ifndef JUMP_WORKERS_CREDENTIAL_TRIAL_H
#define JUMP_WORKERS_CREDENTIAL_TRIAL_H

#define TRIAL_DIR "/var/lib/jump/credential"

/* Trials that nobody has told the end of; devices lock after three or more. */
#define TRIAL_OPEN_MAX 2

/*
 * Counts a trial, durably, before it is made. 0; -EPERM: it was not taken
 * the last time; -EBUSY: too many have no end yet; another -errno. All errors:
 * it must not be tried.
 */
int trial_begin(const char *dir, const char *credential);

/* It was taken: all is well. It was not: the next trial_begin() is -EPERM. */
int trial_right(const char *dir, const char *credential);
int trial_wrong(const char *dir, const char *credential);

#endif
