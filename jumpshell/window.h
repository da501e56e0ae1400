/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Output between a target and a person: read, sent to the recorder,
 * acknowledged, shown, in this order and never in another. A bounded number
 * of chunks is on its way, so that bulk output is not slowed by waiting for
 * each. Pure: it moves no bytes itself.
 */
#ifndef JUMP_JUMPSHELL_WINDOW_H
#define JUMP_JUMPSHELL_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WINDOW_CHUNKS	  16
#define WINDOW_CHUNK_SIZE 32768

/* Counts of chunks since the beginning: shown <= acked <= sent <= filled. */
struct window {
	uint64_t filled, sent, acked, shown;
	size_t shown_bytes; /* of the chunk that is being shown */
	struct {
		size_t len;
		unsigned stream;
	} chunk[WINDOW_CHUNKS];
	uint8_t (*data)[WINDOW_CHUNK_SIZE]; /* WINDOW_CHUNKS of them */
};

void window_init(struct window *w, uint8_t (*data)[WINDOW_CHUNK_SIZE]);

/* Where the next chunk may be read to; NULL while the window is full. */
uint8_t *window_room(struct window *w);
void window_fill(struct window *w, size_t len, unsigned stream);

/* The chunk to be sent next; NULL when there is none. */
const uint8_t *window_unsent(const struct window *w, size_t *ret_len);
void window_sent(struct window *w);

/* One acknowledgement. -EBADMSG when nothing was waiting for one. */
int window_ack(struct window *w);

/* What may be shown now, and where; NULL when there is nothing. */
const uint8_t *window_showable(
	const struct window *w, size_t *ret_len, unsigned *ret_stream);
void window_showed(struct window *w, size_t len);

bool window_empty(const struct window *w);
bool window_has(const struct window *w, unsigned stream);

#endif
