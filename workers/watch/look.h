/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What evidence depends on, looked at where only root can: the kernel's audit
 * and its daemon, the disk of the recordings, the recorder's socket. What the
 * gates read of it is base/health.h.
 */
#ifndef JUMP_WORKERS_WATCH_LOOK_H
#define JUMP_WORKERS_WATCH_LOOK_H

#include <stdbool.h>

#include "base/health.h"

#define LOOK_RECORDINGS "/var/lib/jump/recordings"
#define LOOK_RECORDER	"/run/jump/record.sock"
#define LOOK_LOST_MS	300000 /* a loss counts as ill for that long */

/* Of the kernel's audit, as AUDIT_GET told it. */
struct audit_look {
	int error; /* 0, or -errno: the rest is unknown */
	bool enabled;
	bool daemon_alive;
	uint64_t lost;
};

/* What the state of "lost" needs from one look to the next. */
struct lost_memory {
	bool known;
	uint64_t lost;
	int64_t since_ms; /* BOOTTIME of the last loss; 0: none seen */
};

/* Asks the kernel; waits at most half a second. */
struct audit_look look_audit(void);

/* Words for what was seen; pure. memory is renewed. */
void look_words(const struct audit_look *a, int64_t boot_ms,
	struct lost_memory *memory, struct health *h);

/* "ok", "full", "missing", "unreadable". */
const char *look_disk(const char *path, uint64_t reserve_mib);

/*
 * "ok", "missing", "down": is somebody listening at this seqpacket socket?
 * Nobody is started by the question.
 */
const char *look_recorder(const char *path);

/* The published file, with the memory in it. 0 or -errno. */
int health_write(
	int dirfd, const struct health *h, const struct lost_memory *memory);
int health_remember(int dirfd, uid_t owner, struct health *ret_health,
	struct lost_memory *ret_memory);

/*
 * Which words changed between two looks: calls `tell` for each part that got
 * ill, got well, or is ill in another way. prev NULL: all were well.
 */
typedef void health_tell(const char *part, const char *word, bool well);
void health_compare(
	const struct health *prev, const struct health *now, health_tell *tell);

#endif
