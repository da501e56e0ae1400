/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which snapshot is in force: the one in the inbox, when it is news and may
 * be accepted, else the one that was accepted last.
 */
#ifndef JUMP_WORKERS_APPLY_ACCEPT_H
#define JUMP_WORKERS_APPLY_ACCEPT_H

#include <stdbool.h>
#include <sys/types.h>

#include "grants/jws.h"
#include "grants/snapshot.h"
#include "workers/apply/state.h"

struct accept_places {
	const char
		*inbox; /* the file; another user's, so only its bytes count */
	int state_fd;
	const char *trust_dir;
	uid_t owner;
};

struct accept_terms {
	const char *bastion_id;
	struct accepted last;
	bool clock_trusted; /* else times are not looked at: the gates do */
	int64_t now;	    /* trusted UTC s */
};

/* A text and what it says. */
struct candidate {
	char *text; /* owned */
	size_t len;
	char digest[DIGEST_SIZE];
	char kid[ID_SIZE];
	struct snapshot snapshot;
};
void candidate_done(struct candidate *c);
#define _cleanup_candidate_ __attribute__((cleanup(candidate_done)))

enum inbox {
	INBOX_EMPTY = 0, /* nothing there */
	INBOX_KNOWN,	 /* the accepted one, byte for byte */
	INBOX_NEWS,	 /* accepted now */
	INBOX_REFUSED,	 /* why is in the fault */
};

/*
 * Judges the inbox. INBOX_NEWS: ret_candidate has it. INBOX_REFUSED:
 * ret_candidate->digest says what was refused, snapshot.serial what it
 * claimed, if that far. An error in reading is a refusal, too.
 */
enum inbox accept_inbox(const struct accept_places *places,
	const struct accept_terms *terms, struct candidate *ret_candidate,
	struct fault *ret_fault);

/*
 * The stored one, verified anew: signature, audience, and a serial that is
 * not below the accepted one. Its age is the gates' to judge. 0; -ENOENT:
 * nothing was ever accepted; -EBADMSG with a fault; -errno.
 */
int accept_stored(const struct accept_places *places,
	const struct accept_terms *terms, struct candidate *ret_candidate,
	struct fault *ret_fault);

#endif
