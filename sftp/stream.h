/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two descriptors and what was read of them: the client's end, or a link's.
 */
#ifndef JUMP_SFTP_STREAM_H
#define JUMP_SFTP_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "sftp/outq.h"

/* Whole frames are looked at where they were read: at least two of them. */
#define STREAM_SIZE (512 * 1024)

struct stream {
	int in, out; /* -1: not there */
	bool ended;  /* nothing more will come */
	int64_t ended_ms;
	uint8_t *buffer; /* STREAM_SIZE bytes, of which [at, len) are new */
	size_t at, len;
};

#define STREAM_NONE                                                            \
	{                                                                      \
		.in = -1, .out = -1                                            \
	}

/* The descriptors are the stream's from here on, and do not wait. The buffer
 * is kept for the next one. 0, or -errno and they are closed. */
int stream_open(struct stream *s, int in, int out);
void stream_close(struct stream *s);

/* Is there anything that could be read into it? */
bool stream_has_room(const struct stream *s);

/* Reads once. What queues still have of the buffer is to be settled first. */
void stream_read(struct stream *s, int64_t now_ms);

/* Writes what the descriptor takes now. True when that was something. When
 * nobody reads it any more the queue is dropped, and the stream has ended. */
bool stream_write(struct stream *s, struct outq *q, int64_t now_ms);

#endif
