/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/input.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

void input_begin(struct input *in, int from, int to)
{
	in->from = from;
	in->to = to;
	in->len = in->at = 0;
	inputsum_begin(&in->sum);
}

/* What is typed may be a password: it does not stay. */
static void wipe(struct input *in)
{
	explicit_bzero(in->bytes, in->len);
	in->len = in->at = 0;
}

static void close_to(struct input *in)
{
	if (in->to >= 0)
		(void)close(in->to);
	in->to = -1;
}

void input_end(struct input *in)
{
	wipe(in);
	close_to(in);
}

static bool take(struct input *in)
{
	ssize_t n = read(in->from, in->bytes, sizeof(in->bytes));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		in->from = -1;
		return false;
	}
	in->len = (size_t)n;
	return true;
}

static bool give(struct input *in)
{
	ssize_t n = write(in->to, in->bytes + in->at, in->len - in->at);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n < 0) { /* ssh wants no more */
		input_end(in);
		return false;
	}
	inputsum_add(&in->sum, in->bytes + in->at, (size_t)n);
	in->at += (size_t)n;
	if (in->at == in->len)
		wipe(in);
	return true;
}

void input_step(struct input *in, bool close_at_end)
{
	bool moved = true;

	for (int i = 0; i < 8 && moved && in->to >= 0; i++) {
		moved = false;
		if (in->len == 0 && in->from >= 0)
			moved = take(in);
		if (in->len > 0)
			moved = give(in);
	}
	if (in->from < 0 && in->len == 0 && close_at_end)
		close_to(in);
}

short input_wish_from(const struct input *in)
{
	return in->to >= 0 && in->len == 0 ? POLLIN : 0;
}

short input_wish_to(const struct input *in)
{
	return in->len > 0 ? POLLOUT : 0;
}
