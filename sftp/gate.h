/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gate of files: every byte of an SFTP session passes it, from the
 * client to the targets and back. It takes frames, and leaves frames in
 * queues; descriptors and time are its caller's, so that it can be tried
 * with any client, any target and any broker.
 */
#ifndef JUMP_SFTP_GATE_H
#define JUMP_SFTP_GATE_H

#include <stdint.h>
#include <sys/types.h>

#include "sftp/control.h"
#include "sftp/outq.h"

struct gate;

/* The way to the broker, and what happens to links. */
struct gate_ways {
	void *context;
	/* As control_send() and control_receive(), which wait. */
	int (*send)(void *context, const struct control *c, const int fds[2]);
	int (*receive)(void *context, struct control *ret, int ret_fds[2]);
	/* A link's descriptors, the caller's from here on; and its end. */
	void (*attach)(void *context, unsigned link, const int fds[2]);
	void (*detach)(void *context, unsigned link);
};

/* NULL: no memory. sum_setup() comes first. */
struct gate *gate_new(const struct gate_ways *ways);
void gate_free(struct gate *g);

/* BOOTTIME or the like; before each of the calls below. */
void gate_clock(struct gate *g, int64_t now_ms);

/*
 * Bytes of the client resp. of a link. Returns how many were taken: whole
 * frames, fewer when a queue is full or a link is not up yet (come again
 * after the next other call). -errno: the session is over.
 * What is put into queues may lie in `data`: settle them before it changes.
 */
ssize_t gate_client(struct gate *g, const uint8_t *data, size_t len);
ssize_t gate_link(
	struct gate *g, unsigned link, const uint8_t *data, size_t len);

/* The target's end of a link is gone. */
void gate_link_gone(struct gate *g, unsigned link);

/* The broker said something unasked. 0, or -errno: the session is over. */
int gate_unasked(struct gate *g, const struct control *c);

/* What is due by now; in how many ms to come again (-1: no need). */
int gate_tick(struct gate *g);

/* The client is gone: what was open is told. */
void gate_end(struct gate *g);

/* Nothing is asked of a target that is not answered. */
bool gate_is_idle(const struct gate *g);

/* 0, or why the session is over. */
int gate_error(const struct gate *g);

struct outq *gate_client_queue(struct gate *g);
struct outq *gate_link_queue(struct gate *g, unsigned link);

#endif
