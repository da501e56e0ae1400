/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cases of one round of enforcement: every session, connection and
 * unknown scope of the host, and what is to become of each.
 */
#ifndef JUMP_WORKERS_WATCH_CASES_H
#define JUMP_WORKERS_WATCH_CASES_H

#include "grants/rights.h"
#include "workers/peer/session.h"
#include "workers/peer/connection.h"
#include "workers/watch/scopes.h"
#include "workers/watch/sightings.h"

enum fate {
	FATE_STAYS = 0,
	FATE_ENDS,  /* its time is over: end it */
	FATE_ENDED, /* it has ended without a word: close its record */
};

struct session_case {
	struct session_record record;
	enum fate fate;
	const char *reason; /* a constant */
	bool by_operator;   /* who has told of it already */
	int pidfd;	    /* of the monitor, or -1 */
};

struct connection_case {
	struct connection_record record;
	const struct session_case *session; /* or NULL: none has it */
	enum fate fate;
	const char *reason;
	int pidfd;
};

struct orphan_case {
	struct scope_found scope;
	bool due;
};

/* Where everything is: the host's, or a folder of the tests. */
struct enforce_places {
	struct session_places sessions;
	const char *connections;
	const char *rights;
	const char *ends; /* an operator's requests */
	uid_t owner;	  /* of all but the connections: root */
};
extern const struct enforce_places enforce_places_host;

struct cases {
	const struct enforce_places *places;
	int64_t now_ms; /* trusted UTC, a little behind */
	int64_t now_boot_ms;
	int64_t next_boot_ms; /* when to look again; INT64_MAX: no reason */
	uid_t relay_uid;      /* who owns the folder of connections */
	size_t session_count, connection_count, orphan_count;
	struct session_case *sessions;	     /* owned */
	struct connection_case *connections; /* owned */
	struct orphan_case *orphans;	     /* owned */
};

void cases_done(struct cases *c);
#define _cleanup_cases_ __attribute__((cleanup(cases_done)))

/*
 * Reads all records. now_ms is trusted UTC. Returns 0 or -errno; a record that
 * is not whole is passed over (a session without a whole record is an unknown
 * scope).
 */
int cases_gather(const struct enforce_places *places, int64_t now_ms,
	int64_t now_boot_ms, struct cases *ret_cases);

/*
 * Judges them all: fates, and next_boot_ms. seen is the memory of earlier
 * rounds of this process. Returns 0, or -errno when the rights can't be read
 * for a passing reason: nothing is judged by rights then. Rights that are
 * missing or corrupt give nobody anything.
 */
int cases_judge(struct cases *c, struct sightings *seen);

#endif
