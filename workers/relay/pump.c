/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * splice(2) from socket to pipe and from pipe to socket. The source is read
 * only while the pipe is empty: then "would block" can only mean the source,
 * and after a read it can only mean the destination, so no readiness is ever
 * misread and nothing spins.
 */
#include "workers/relay/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

#define ROOM_FIRST 65536     /* a pipe as the kernel makes it */
#define ROOM_BULK  (1 << 20) /* once a flow proves to be bulk */
#define BULK_AFTER (1 << 21)
#define ROUNDS_MAX 8 /* then the other way and the clock have their turn */

static int flow_init(struct flow *f)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	f->in = fds[1];
	f->out = fds[0];
	f->room = ROOM_FIRST;
	return 0;
}

int pump_init(struct pump *p, int client, int target)
{
	int r;

	*p = (struct pump){
		.side = {client, target},
		.flow = {{.in = -1, .out = -1}, {.in = -1, .out = -1}},
	};
	r = flow_init(&p->flow[PUMP_CLIENT]);
	if (r == 0)
		r = flow_init(&p->flow[PUMP_TARGET]);
	if (r < 0)
		pump_done(p);
	return r;
}

void pump_done(struct pump *p)
{
	for (int i = 0; i < 2; i++) {
		cleanup_close(&p->flow[i].in);
		cleanup_close(&p->flow[i].out);
		p->flow[i].in = p->flow[i].out = -1;
	}
}

void pump_wants(const struct pump *p, struct pollfd ret_fds[2])
{
	for (int i = 0; i < 2; i++) {
		const struct flow *from = &p->flow[i], *to = &p->flow[!i];
		short events = 0;

		if (!from->closed && from->held == 0)
			events |= POLLIN;
		if (to->held > 0)
			events |= POLLOUT;
		/*
		 * POLLERR and POLLHUP come unasked: a side that is not waited
		 * for would wake us for nothing, again and again.
		 */
		ret_fds[i] = (struct pollfd){
			.fd = events ? p->side[i] : -1, .events = events};
	}
}

/* More room for a flow that moves much; the kernel may say no. */
static void grow(struct flow *f)
{
	if (f->room == ROOM_FIRST && f->moved > BULK_AFTER) {
		int got = fcntl(f->in, F_SETPIPE_SZ, ROOM_BULK);

		f->room = got > 0 ? (size_t)got : ROOM_FIRST + 1;
	}
}

/*
 * Hands the end of file on, as soon as it is seen: nobody would look for it
 * again. A peer that is gone already is no failure.
 */
static int finish(struct pump *p, int from)
{
	struct flow *f = &p->flow[from];

	if (p->before_last && p->flow[!from].closed)
		p->before_last(p->context);
	f->closed = true;
	if (shutdown(p->side[!from], SHUT_WR) < 0 && errno != ENOTCONN)
		return -errno;
	return 0;
}

/* 1: something is in the pipe; 0: would block, or was the end; -errno. */
static int fill(struct pump *p, int from)
{
	struct flow *f = &p->flow[from];
	ssize_t n = splice(p->side[from], NULL, f->in, NULL, f->room,
		SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		return finish(p, from);
	f->held = (size_t)n;
	return 1;
}

/* 1: the pipe is empty; 0: would block; -errno. */
static int drain(struct pump *p, int from)
{
	struct flow *f = &p->flow[from];

	while (f->held > 0) {
		ssize_t n = splice(f->out, NULL, p->side[!from], NULL, f->held,
			SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		if (n == 0)
			return -EIO;
		f->held -= (size_t)n;
		f->moved += (uint64_t)n;
	}
	return 1;
}

static int flow_step(struct pump *p, int from, int *ret_side)
{
	struct flow *f = &p->flow[from];

	for (int round = 0; round < ROUNDS_MAX && !f->closed; round++) {
		int r;

		*ret_side = !from;
		r = drain(p, from);
		if (r <= 0)
			return r;
		grow(f);
		*ret_side = from;
		r = fill(p, from);
		if (r <= 0)
			return r;
	}
	return 0;
}

int pump_step(struct pump *p, const struct pollfd fds[2], int *ret_side)
{
	for (int from = 0; from < 2; from++) {
		int r;

		if (!fds[from].revents && !fds[!from].revents)
			continue;
		r = flow_step(p, from, ret_side);
		if (r < 0)
			return r;
	}
	return p->flow[0].closed && p->flow[1].closed ? 0 : 1;
}
