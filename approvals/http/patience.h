/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long a connection may take for what it is doing: handshake and head,
 * body, taking the answer, being idle. libmicrohttpd counts silence only, so
 * that a byte now and then holds a thread for ever; here the whole is counted,
 * and what is over is shut down.
 */
#ifndef JUMP_APPROVALS_HTTP_PATIENCE_H
#define JUMP_APPROVALS_HTTP_PATIENCE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum phase {
	PHASE_HEAD = 0, /* handshake and first head */
	PHASE_BODY,
	PHASE_WORK,   /* ours: not limited here */
	PHASE_ANSWER, /* the client takes it */
	PHASE_IDLE,   /* until the next head is complete */
	PHASE_COUNT
};

struct patience_entry;
struct patience {
	pthread_mutex_t lock;
	pthread_t thread;
	struct patience_entry *entries;
	bool running;
};

int patience_start(struct patience *p);
void patience_stop(struct patience *p);

/* A connection begins and ends; NULL: no memory, refuse it. */
struct patience_entry *patience_enter(struct patience *p, int fd);
void patience_leave(struct patience *p, struct patience_entry *entry);

/* What it is doing from now on; entry may be NULL. */
void patience_phase(
	struct patience *p, struct patience_entry *entry, enum phase phase);

#endif
