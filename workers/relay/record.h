/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is written down of a connection under /run/jump: its record while it
 * lives, by which the root worker finds and ends it, and for a minute after
 * it, how it ended, for the session that it belonged to.
 */
#ifndef JUMP_WORKERS_RELAY_RECORD_H
#define JUMP_WORKERS_RELAY_RECORD_H

#include "base/keyfile.h"
#include "workers/relay/connection.h"

#define CLOSED_KEPT_MS 60000

/*
 * Makes the record of a connection that never was. Returns 0; -EEXIST: the
 * name is taken; another -errno. It shows whole or not at all.
 */
int record_create(const char *dir, const struct connection *c);

/* Writes it anew: grant and end of the window have changed. */
int record_update(const char *dir, const struct connection *c);

void record_remove(const char *dir, const char *conn);

/* Keeps the end for record_closed_answer(). 0 or -errno. */
int record_closed(const char *dir, const struct connection *c);

/*
 * The answer line to "status conn=CONN" of this session, without "ok ":
 * "open", or "closed reason=... bytes_in=... bytes_out=...". Returns 0,
 * -ENOENT when there is no such connection of this session, or -errno.
 */
int record_status(const char *live_dir, const char *closed_dir,
	const char *conn, const struct session_record *session,
	char *ret_answer, size_t size);

/* Forgets ends that are older than CLOSED_KEPT_MS. */
void record_closed_sweep(const char *dir);

/*
 * Goes through the records. Each whose process lives is handed to `adopt`;
 * of each whose process is gone without a word, `bury` is told, and then it
 * is removed. Returns how many live, or -errno.
 */
struct record_life {
	pid_t pid;
	unsigned long long start;
	uint32_t uid;
	uint64_t session; /* cgroup id of its scope, 0: gone */
};
struct record_sweeper {
	void (*adopt)(void *context, const struct record_life *life);
	void (*bury)(void *context, const char *conn, const struct keyfile *k);
	void *context;
};
int record_sweep(const char *dir, const struct record_sweeper *sweeper);

#endif
