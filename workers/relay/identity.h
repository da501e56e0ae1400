/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who knocks, on which road, and for a tunnel: where to. Taken from the
 * kernel right after accept, because a peer that goes takes its identity
 * with it; and never from what the peer says.
 */
#ifndef JUMP_WORKERS_RELAY_IDENTITY_H
#define JUMP_WORKERS_RELAY_IDENTITY_H

#include "policy/decide.h"
#include "workers/peer/session.h"
#include "workers/relay/diag.h"

struct identity {
	enum channel channel;
	int error;    /* 0: session is whole; else why nobody is known */
	uint32_t uid; /* as the kernel said it; 0: unknown */
	struct session_record session;
	struct endpoint target; /* of a tunnel: the original destination */
};

/*
 * Fills in what can be known of an accepted socket. Never fails: an identity
 * with an error is to be refused with reason "peer". places NULL: the host's.
 */
void identity_take(int fd, const struct session_places *places,
	struct identity *ret_identity);

/*
 * Is nobody there any more to whom this socket's peer belonged? For a tunnel
 * the kernel is asked; the Unix road shows it by itself (false here).
 */
bool identity_gone(int fd, const struct identity *identity);

#endif
