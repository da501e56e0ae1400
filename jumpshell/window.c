/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/window.h"

#include <errno.h>

void window_init(struct window *w, uint8_t (*data)[WINDOW_CHUNK_SIZE])
{
	*w = (struct window){.data = data};
}

uint8_t *window_room(struct window *w)
{
	if (w->filled - w->shown == WINDOW_CHUNKS)
		return NULL;
	return w->data[w->filled % WINDOW_CHUNKS];
}

void window_fill(struct window *w, size_t len, unsigned stream)
{
	if (len == 0 || w->filled - w->shown == WINDOW_CHUNKS)
		return;
	w->chunk[w->filled % WINDOW_CHUNKS].len = len;
	w->chunk[w->filled % WINDOW_CHUNKS].stream = stream;
	w->filled++;
}

const uint8_t *window_unsent(const struct window *w, size_t *ret_len)
{
	if (w->sent == w->filled)
		return NULL;
	*ret_len = w->chunk[w->sent % WINDOW_CHUNKS].len;
	return w->data[w->sent % WINDOW_CHUNKS];
}

void window_sent(struct window *w)
{
	if (w->sent < w->filled)
		w->sent++;
}

int window_ack(struct window *w)
{
	if (w->acked == w->sent)
		return -EBADMSG;
	w->acked++;
	return 0;
}

const uint8_t *window_showable(
	const struct window *w, size_t *ret_len, unsigned *ret_stream)
{
	size_t at = w->shown % WINDOW_CHUNKS;

	if (w->shown == w->acked)
		return NULL;
	*ret_len = w->chunk[at].len - w->shown_bytes;
	*ret_stream = w->chunk[at].stream;
	return w->data[at] + w->shown_bytes;
}

void window_showed(struct window *w, size_t len)
{
	size_t at = w->shown % WINDOW_CHUNKS;

	if (w->shown == w->acked)
		return;
	w->shown_bytes += len;
	if (w->shown_bytes >= w->chunk[at].len) {
		w->shown_bytes = 0;
		w->shown++;
	}
}

bool window_empty(const struct window *w)
{
	return w->shown == w->filled;
}

bool window_has(const struct window *w, unsigned stream)
{
	for (uint64_t i = w->shown; i != w->filled; i++) {
		if (w->chunk[i % WINDOW_CHUNKS].stream == stream)
			return true;
	}
	return false;
}
