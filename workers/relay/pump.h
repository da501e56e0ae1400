/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moves bytes between two stream sockets, both ways, without looking at them
 * and without copying them through this process. An end of file is handed on
 * once everything before it is over; the other way stays open.
 */
#ifndef JUMP_WORKERS_RELAY_PUMP_H
#define JUMP_WORKERS_RELAY_PUMP_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PUMP_CLIENT = 0, PUMP_TARGET = 1 };

/* One way, from side[i] to side[!i]. */
struct flow {
	int in, out; /* the pipe between */
	size_t held; /* bytes in the pipe */
	size_t room; /* what the pipe takes */
	uint64_t moved;
	bool closed; /* the source is at its end and the destination knows */
};

struct pump {
	int side[2];
	struct flow flow[2]; /* flow[i] comes from side[i] */
	/* Before the last end of file is handed on; NULL: nobody asks. */
	void (*before_last)(const void *context);
	const void *context;
};

/*
 * Both sockets must not block; they stay the caller's. Returns 0 or -errno.
 */
int pump_init(struct pump *p, int client, int target);
void pump_done(struct pump *p);

/* What to poll both sides for; a side with nothing to wait for is -1. */
void pump_wants(const struct pump *p, struct pollfd ret_fds[2]);

/*
 * Moves what can be moved now. Returns 1: goes on; 0: both ways are over;
 * -errno: a socket failed (ret_side says which).
 */
int pump_step(struct pump *p, const struct pollfd fds[2], int *ret_side);

#endif
