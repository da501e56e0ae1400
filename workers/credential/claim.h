/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The claim of one connection to a stored credential: whose session asks,
 * whether the relay has that very connection of it open to that very target,
 * whether it is granted, and that it is the first time.
 */
#ifndef JUMP_WORKERS_CREDENTIAL_CLAIM_H
#define JUMP_WORKERS_CREDENTIAL_CLAIM_H

#include "audit/event.h"
#include "workers/credential/keeper.h"
#include "workers/peer/admit.h"
#include "workers/peer/connection.h"

struct claim {
	const struct keeper *keeper;
	char conn[CONN_SIZE];	/* asked for */
	char target[NAME_SIZE]; /* where that connection ends */
	struct connection_record record;
	struct admission admission;
};

/*
 * Checks all of it for the process at the other end of fd, but for the first
 * time, and that the policy has a stored key resp. password for it. NULL: it
 * is so; else the reason, one word.
 */
const char *claim_check(struct claim *c, int fd, bool is_key);

/*
 * From now on this connection has had it, the trial is counted, and the event
 * written. NULL, or the reason why it must not have it: "spent", "wrong" (it
 * was not taken the last time), "busy", "audit", "error". Waits for others'
 * trials to end, some seconds at most.
 */
const char *claim_spend(const struct claim *c);

/* The connection asks for what it has had: it was not taken, then. */
void claim_again(const struct claim *c);

/*
 * claim_check() for a client that can't say which connection it is (an ssh
 * that talks to an agent): of one of the session behind fd that has not had
 * this credential. Same answers; "connection": there is none.
 */
const char *claim_find(struct claim *c, int fd, bool is_key);

/* The end of a trial as the connection tells it. 0, or -EPERM: it is not the
 * one that had it. */
int claim_tell(const struct claim *c, int fd, bool right);

/* The event of a refusal. */
void claim_refused(const struct claim *c, const char *reason);

/* For people. */
const char *claim_sentence(const char *reason);

#endif
