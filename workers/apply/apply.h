/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One run: from what lies in the inbox and in /etc/jump to what the gates
 * read and the packet filter does, and to the end of what is over.
 */
#ifndef JUMP_WORKERS_APPLY_APPLY_H
#define JUMP_WORKERS_APPLY_APPLY_H

#include "grants/publish.h"
#include "workers/apply/accept.h"
#include "workers/apply/elements.h"
#include "workers/apply/lastpolicy.h"
#include "workers/apply/seeds.h"
#include "workers/watch/enforce.h"

/* The packet filter, or what plays it in the tests. */
struct apply_filter {
	int (*live)(struct elements *ret_live);
	int (*change)(const char *text);
	int (*empty)(void);
};
extern const struct apply_filter apply_filter_kernel;

struct apply {
	struct accept_places accept;
	struct policy_places policy;
	struct seeds_places seeds;
	struct publish publish;
	struct enforcer enforcer;
	struct apply_filter filter;
	const char *enforce_lock;
	const char *passwd, *group;
	const char *clock;
	int run_fd; /* /run/jump */
	uid_t owner;
};

/* Opens the host's places. 0 or -errno; said on stderr. */
int apply_open(struct apply *ret_apply);
void apply_done(struct apply *a);

/*
 * Does it, and again while the inbox has something else by then. Order: what
 * the new snapshot refuses leaves the filter first, then one rename
 * publishes, then what it allows enters the filter, and what is over is
 * ended. Whenever it dies, the next run does the rest. Returns 0
 * when all of it was done (a refused snapshot is told of and is no fault),
 * else the first -errno.
 */
int apply_run(struct apply *a);

#endif
