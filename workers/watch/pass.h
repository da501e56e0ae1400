/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One look at everything: clock, health, and what is over.
 */
#ifndef JUMP_WORKERS_WATCH_PASS_H
#define JUMP_WORKERS_WATCH_PASS_H

#include "workers/watch/clockfile.h"
#include "workers/watch/enforce.h"
#include "workers/watch/wake.h"

#define WATCH_RUN_DIR	"/run/jump"
#define WATCH_STATE_DIR "/var/lib/jump/state"

struct watch {
	struct clock_places clock;
	struct enforcer enforcer;
	struct wake wake;
	const char *recordings;
	const char *recorder;
	const char *lock;
	int inbox_news; /* inotify; -1: by looking alone */
};

/* Opens the host's places. 0 or -errno. */
int watch_open(struct watch *ret_watch);
void watch_done(struct watch *w);

/*
 * Sleeps until that BOOTTIME, less when something comes into the inbox: then
 * for as long as jump-apply's path unit needs to start it.
 */
void watch_sleep(struct watch *w, int64_t boot_ms);

/*
 * Looks, publishes, tells what changed, ends what is over, and says when
 * there is something to do next (BOOTTIME ms). Each part is done whatever
 * became of the others; returns 0 or the first -errno.
 */
int watch_pass(struct watch *w, int64_t *ret_next_boot_ms);

#endif
