/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What jump-apply knows from one run to the next: durably, which snapshot was
 * accepted last; until the next boot, what was published of it.
 */
#ifndef JUMP_WORKERS_APPLY_STATE_H
#define JUMP_WORKERS_APPLY_STATE_H

#include <stdint.h>
#include <sys/types.h>

#include "workers/apply/digest.h"
#include "workers/watch/wake.h"

#define STATE_SNAPSHOT "snapshot.jws" /* in /var/lib/jump/state */
#define STATE_ACCEPTED "accepted"

/* Zero: nothing was ever accepted. */
struct accepted {
	uint64_t serial;
	char digest[DIGEST_SIZE]; /* of the snapshot's text */
};

/* 0 (also when there is none yet: zeros); -errno: then nothing goes on. */
int accepted_read(int state_fd, uid_t owner, struct accepted *ret_accepted);

/*
 * Durably, the snapshot first: whenever the power goes, what is stored is at
 * least as new as what is said to be accepted. 0 or -errno.
 */
int accepted_write(
	int state_fd, const struct accepted *a, const char *text, size_t len);

/* /run/jump/apply: for the watch, jumpctl and the next run. */
struct applied {
	uint64_t generation, serial;
	int64_t next_open; /* UTC s, 0: none */
	char inbox[WAKE_FACE_SIZE];
	char snapshot[DIGEST_SIZE]; /* what was published */
	char policy[DIGEST_SIZE];
	char locals[DIGEST_SIZE];
	char refused[DIGEST_SIZE]; /* the inbox that was told of as refused */
	char bad_policy[DIGEST_SIZE];
};

/* Zeros when there is none or it is not whole: then all is done anew. */
void applied_read(int run_fd, uid_t owner, struct applied *ret_applied);
int applied_write(int run_fd, const struct applied *a);

#endif
