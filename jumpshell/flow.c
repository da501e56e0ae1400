/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/flow.h"

#include <errno.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/moment.h"

#define READS_MAX    8	  /* in one go: others want their turn too */
#define NOTE_WAIT_MS 1500 /* for a program in the middle of a sequence */

static uint8_t chunks[WINDOW_CHUNKS][WINDOW_CHUNK_SIZE]
	__attribute__((aligned(4096)));

void flow_begin(
	struct flow *f, const int from[FLOW_STREAMS], int record, bool terminal)
{
	*f = (struct flow){.from = {from[0], from[1]},
		.to = {1, 2},
		.record = record,
		.terminal = terminal};
	window_init(&f->window, chunks);
}

static void close_from(struct flow *f, unsigned stream)
{
	if (f->from[stream] >= 0)
		(void)close(f->from[stream]);
	f->from[stream] = -1;
}

void flow_end(struct flow *f)
{
	close_from(f, 0);
	close_from(f, 1);
}

static bool read_stream(struct flow *f, unsigned stream)
{
	bool came = false;

	for (int i = 0; i < READS_MAX && f->from[stream] >= 0; i++) {
		uint8_t *room = window_room(&f->window);
		ssize_t n;

		if (!room)
			break;
		n = read(f->from[stream], room, WINDOW_CHUNK_SIZE);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		/* EIO is how a terminal pair says that the other end closed */
		if (n <= 0) {
			close_from(f, stream);
			break;
		}
		window_fill(&f->window, (size_t)n, stream);
		came = true;
	}
	return came;
}

bool flow_read(struct flow *f)
{
	bool out = read_stream(f, 0), err = read_stream(f, 1);

	return out || err;
}

void flow_forget_recorder(struct flow *f)
{
	f->record = -1;
	while (window_ack(&f->window) == 0)
		;
}

static int hear(struct flow *f, struct ask_answer *ret_answer)
{
	for (;;) {
		int r = recorder_hear(f->record, ret_answer);

		if (r == -EAGAIN)
			return 0;
		if (r == '.')
			r = window_ack(&f->window);
		if (r != 0)
			return r;
	}
}

int flow_record(struct flow *f, struct ask_answer *ret_answer)
{
	const uint8_t *bytes;
	size_t len;

	while ((bytes = window_unsent(&f->window, &len))) {
		int r = f->record < 0 ? 0
				      : recorder_send(f->record, 'o', bytes,
						len, false);

		if (r == -EAGAIN)
			break;
		if (r < 0)
			return r;
		window_sent(&f->window);
		if (f->record < 0)
			(void)window_ack(&f->window);
	}
	return f->record < 0 ? 0 : hear(f, ret_answer);
}

/* 1: all of it is out; 0: later; -errno: nobody is there. */
static int show_note(struct flow *f)
{
	while (f->note_at < f->note_len) {
		ssize_t n = write(f->to[0], f->note + f->note_at,
			f->note_len - f->note_at);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		f->note_at += (size_t)n;
	}
	f->note_len = f->note_at = 0;
	return 1;
}

static bool note_fits(const struct flow *f)
{
	if (f->note_len == 0)
		return false;
	return f->note_at > 0 || vtstate_ground(&f->vt) ||
	       moment_boot_ms() - f->note_ms > NOTE_WAIT_MS;
}

/* Nobody reads this stream any more: ssh shall hear of it as a pipe would. */
static void lose_stream(struct flow *f, unsigned stream)
{
	f->to[stream] = -1;
	close_from(f, stream);
}

int flow_show(struct flow *f)
{
	const uint8_t *bytes;
	unsigned stream;
	size_t len;

	for (;;) {
		ssize_t n;

		if (note_fits(f) && show_note(f) == 0)
			return 0;
		bytes = window_showable(&f->window, &len, &stream);
		if (!bytes)
			return 0;
		if (f->to[stream] < 0) {
			window_showed(&f->window, len);
			continue;
		}
		n = write(f->to[stream], bytes, len);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n < 0) {
			lose_stream(f, stream);
			if (f->terminal || f->to[0] < 0)
				return -EPIPE;
			continue;
		}
		if (f->terminal)
			vtstate_feed(&f->vt, bytes, (size_t)n);
		window_showed(&f->window, (size_t)n);
	}
}

void flow_note(struct flow *f, const char *text, unsigned cols)
{
	if (f->note_at > 0) /* half of one is out already */
		return;
	f->note_len = notice_format(text, cols, f->note);
	f->note_ms = moment_boot_ms();
}

bool flow_done(const struct flow *f)
{
	return f->from[0] < 0 && f->from[1] < 0 && window_empty(&f->window) &&
	       f->note_len == 0;
}

struct flow_wish flow_wish(struct flow *f)
{
	struct flow_wish wish = {.record = POLLIN};
	unsigned stream;
	size_t len;

	if (window_room(&f->window))
		wish.from[0] = wish.from[1] = POLLIN;
	if (window_unsent(&f->window, &len))
		wish.record |= POLLOUT;
	if (note_fits(f))
		wish.to[0] = POLLOUT;
	else if (window_showable(&f->window, &len, &stream))
		wish.to[stream] = POLLOUT;
	return wish;
}

void flow_rest(struct flow *f)
{
	if (window_empty(&f->window))
		(void)madvise(chunks, sizeof(chunks), MADV_DONTNEED);
}
