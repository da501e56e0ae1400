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
	uint64_t cgroup_id; /* of a tunnel's peer, as the kernel said it */
	struct session_record session;
	struct endpoint target; /* of a tunnel: the original destination */
};

/*
 * Asks the kernel whose an accepted socket is: channel, uid, where to. It
 * costs little. Never fails: `error` stays set until identity_take().
 */
void identity_ask(int fd, struct identity *ret_identity);

/*
 * Fills in the session of an identity that was asked for. Never fails: one
 * with an error is to be refused with reason "peer". places NULL: the host's.
 */
void identity_take(int fd, const struct session_places *places,
	struct identity *identity);

/*
 * Is nobody there any more to whom this socket's peer belonged? For a tunnel
 * the kernel is asked; the Unix road shows it by itself (false here).
 */
bool identity_gone(int fd, const struct identity *identity);

#endif
