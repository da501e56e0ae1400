/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can end a running connection before its peers do: its window, new
 * rights, its session, its recording, the root worker. Told by inotify and
 * signals, and looked at again twice a second in case nobody told.
 */
#ifndef JUMP_WORKERS_RELAY_WATCH_H
#define JUMP_WORKERS_RELAY_WATCH_H

#include "workers/relay/connection.h"

#define WATCH_TICK_MS 500

struct watch {
	int news;   /* inotify, or -1: then by looking alone */
	int orders; /* signalfd of SIGTERM: the root worker ends it */
	char generation[64];
	int64_t next_look_ms; /* BOOTTIME */
	int64_t unread_ms;    /* since when the rights can't be read, or 0 */
};

/* SIGTERM must be blocked by now. 0 or -errno. */
int watch_init(struct watch *w, const struct connection *c);
void watch_done(struct watch *w);

/* How long poll(2) may wait. */
int watch_wait_ms(const struct watch *w, const struct connection *c);

/*
 * Looks at whatever is due. Sets c->reason and c->by and returns true when
 * the connection is to be cut now; may move c->term and rewrite its record.
 */
bool watch_cuts(struct watch *w, struct connection *c);

#endif
