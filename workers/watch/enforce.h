/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The second enforcer: ends what is over, whatever the processes concerned
 * do. Relay and jumpshell watch themselves and come first; this one needs
 * neither of them, nor the network.
 */
#ifndef JUMP_WORKERS_WATCH_ENFORCE_H
#define JUMP_WORKERS_WATCH_ENFORCE_H

#include "base/moment.h"
#include "workers/watch/cases.h"

#define ENFORCE_LOCK	  "/run/jump/enforce.lock"
#define ENFORCE_BEHIND_MS 250 /* the first enforcers' head start */
#define ENFORCE_TERM_MS	  300 /* from SIGTERM to SIGKILL */
#define ENFORCE_KILL_MS	  300 /* to see that it worked */

struct enforcer {
	const struct enforce_places *places;
	const char *by; /* who this is, in events: "deadline", "apply" */
	struct sightings seen;
};

/*
 * One round: gather, judge, end; every end is evented before it happens.
 * The time is the clock's, trusted or not: running deadlines go on by
 * BOOTTIME. Returns 0 or -errno of what could not be done (the rest was
 * done), and in ret_next_boot_ms when there is something to do next
 * (INT64_MAX: nothing is known).
 */
int enforce_round(struct enforcer *e, const struct moment_clock *clock,
	int64_t *ret_next_boot_ms);

/* How many cases a round would end now; 0 also when that is unknown. */
size_t enforce_pending(struct enforcer *e, const struct moment_clock *clock);

/*
 * One enforcer at a time, so that each end is told once. Waits at most
 * wait_ms, then goes on without: an end told twice is better than none.
 * Returns a descriptor to close, or -1.
 */
int enforce_lock(const char *path, int wait_ms);

#endif
