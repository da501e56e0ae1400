/* SPDX-License-Identifier: BSD-2-Clause */
#include "sftp/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PARTS_AT_ONCE 16

static int no_waiting(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

int stream_open(struct stream *s, int in, int out)
{
	int r;

	*s = (struct stream){.in = in, .out = out, .buffer = s->buffer};
	if (!s->buffer)
		s->buffer = malloc(STREAM_SIZE);
	r = s->buffer ? no_waiting(in) : -ENOMEM;
	if (r == 0)
		r = no_waiting(out);
	if (r < 0)
		stream_close(s);
	return r;
}

void stream_close(struct stream *s)
{
	if (s->in >= 0)
		(void)close(s->in);
	if (s->out >= 0 && s->out != s->in)
		(void)close(s->out);
	*s = (struct stream){.in = -1, .out = -1, .buffer = s->buffer};
}

bool stream_has_room(const struct stream *s)
{
	return s->in >= 0 && !s->ended && s->len - s->at < STREAM_SIZE;
}

void stream_read(struct stream *s, int64_t now_ms)
{
	ssize_t n;

	if (!stream_has_room(s))
		return;
	if (s->at > 0) {
		memmove(s->buffer, s->buffer + s->at, s->len - s->at);
		s->len -= s->at;
		s->at = 0;
	}
	n = read(s->in, s->buffer + s->len, STREAM_SIZE - s->len);
	if (n > 0) {
		s->len += (size_t)n;
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		s->ended = true;
		s->ended_ms = now_ms;
	}
}

/* The other end takes no more: what it still sends is not worth waiting for. */
static void stop_writing(struct stream *s, struct outq *q, int64_t now_ms)
{
	outq_clear(q);
	if (s->ended)
		return;
	s->ended = true;
	s->ended_ms = now_ms;
}

bool stream_write(struct stream *s, struct outq *q, int64_t now_ms)
{
	bool some = false;

	while (q->total > 0 && s->out >= 0) {
		struct iovec parts[PARTS_AT_ONCE];
		size_t count = outq_iov(q, parts, PARTS_AT_ONCE);
		ssize_t n = writev(s->out, parts, (int)count);

		if (n < 0 && errno != EAGAIN && errno != EINTR)
			stop_writing(s, q, now_ms);
		if (n <= 0)
			break;
		outq_sent(q, (size_t)n);
		some = true;
	}
	return some;
}
