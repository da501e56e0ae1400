/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump-sftp: the process around the gate. jumpshell starts it with the client
 * on 0 and 1 and itself on CONTROL_FD; it locks itself in, then carries bytes
 * to the gate and the gate's to where they belong.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/moment.h"
#include "base/proc.h"
#include "sftp/gate.h"
#include "sftp/sandbox.h"
#include "sftp/stream.h"
#include "sftp/sum.h"

/* The broker knows why a link has ended: its word may come a bit later. */
#define WORD_WAIT_MS 1000
/* A client that is gone waits for what it asked last no longer than this. */
#define LAST_WAIT_MS 3000
#define SOON_MS	     50

struct carrier {
	struct gate *gate;
	struct stream client;
	struct stream link[CONTROL_LINKS_MAX];
	int64_t now_ms;
	bool over;
};

static struct carrier carrier; /* large, and there is one */

static int say(void *context, const struct control *c, const int fds[2])
{
	(void)context;
	return control_send(CONTROL_FD, c, fds);
}

static int hear(void *context, struct control *ret, int ret_fds[2])
{
	(void)context;
	return control_receive(CONTROL_FD, ret, ret_fds);
}

/* What can't be opened is gone at once: the gate hears of it as an end. */
static void attach(void *context, unsigned link, const int fds[2])
{
	struct carrier *c = context;

	if (stream_open(&c->link[link], fds[0], fds[1]) < 0)
		c->over = true;
}

static void detach(void *context, unsigned link)
{
	struct carrier *c = context;

	stream_close(&c->link[link]);
}

static bool write_all(struct carrier *c)
{
	bool some = stream_write(
		&c->client, gate_client_queue(c->gate), c->now_ms);

	for (unsigned i = 0; i < CONTROL_LINKS_MAX; i++)
		some |= stream_write(&c->link[i],
			gate_link_queue(c->gate, i), c->now_ms);
	return some;
}

/* Queues hold on to what was read until it has to make room. */
static int settle_all(struct carrier *c)
{
	int r = outq_settle(gate_client_queue(c->gate));

	for (unsigned i = 0; r == 0 && i < CONTROL_LINKS_MAX; i++)
		r = outq_settle(gate_link_queue(c->gate, i));
	return r;
}

/* Gives the gate what is there of one stream; link < 0: of the client. */
static bool give(struct carrier *c, struct stream *s, int link)
{
	bool some = false;

	while (s->at < s->len && !c->over) {
		const uint8_t *bytes = s->buffer + s->at;
		size_t len = s->len - s->at;
		ssize_t n = link < 0 ? gate_client(c->gate, bytes, len)
				     : gate_link(c->gate, (unsigned)link,
					       bytes, len);

		if (n < 0)
			c->over = true;
		if (n <= 0)
			break;
		/* the gate may have closed it meanwhile */
		if (s->len > 0)
			s->at += (size_t)n;
		some = true;
		(void)write_all(c);
	}
	return some;
}

static void carry(struct carrier *c)
{
	bool some = true;

	while (some && !c->over) {
		some = give(c, &c->client, -1);
		for (int i = 0; i < CONTROL_LINKS_MAX; i++) {
			if (c->link[i].in >= 0)
				some |= give(c, &c->link[i], i);
		}
		some |= write_all(c);
	}
}

/* Links whose target hung up, and nobody said why. */
static bool look_at_ends(struct carrier *c)
{
	bool soon = false;

	for (unsigned i = 0; i < CONTROL_LINKS_MAX; i++) {
		struct stream *s = &c->link[i];

		if (s->in < 0 || !s->ended)
			continue;
		if (c->now_ms - s->ended_ms < WORD_WAIT_MS)
			soon = true;
		else
			gate_link_gone(c->gate, i);
	}
	return soon;
}

/* A client may ask and hang up in one breath: it is answered all the same. */
static bool is_done(const struct carrier *c)
{
	bool waits = c->client.at < c->client.len ||
		     !gate_is_idle(c->gate) ||
		     gate_client_queue(c->gate)->total > 0;

	if (c->over || gate_error(c->gate))
		return true;
	return c->client.ended &&
	       (!waits || c->now_ms - c->client.ended_ms > LAST_WAIT_MS);
}

static struct pollfd reading(const struct stream *s)
{
	return (struct pollfd){
		.fd = stream_has_room(s) ? s->in : -1, .events = POLLIN};
}

static struct pollfd writing(const struct stream *s, const struct outq *q)
{
	return (struct pollfd){
		.fd = q->total > 0 ? s->out : -1, .events = POLLOUT};
}

static void hear_broker(struct carrier *c)
{
	static struct control word;

	if (control_receive(CONTROL_FD, &word, NULL) < 0 ||
		gate_unasked(c->gate, &word) < 0)
		c->over = true;
}

static void read_all(struct carrier *c, const struct pollfd *links)
{
	if (settle_all(c) < 0) {
		c->over = true;
		return;
	}
	for (int i = 0; i < CONTROL_LINKS_MAX; i++) {
		if (links[i].revents && links[i].fd == c->link[i].in)
			stream_read(&c->link[i], c->now_ms);
	}
}

static void wait_for_something(struct carrier *c, int ms)
{
	enum { CLIENT_IN, CLIENT_OUT, BROKER, LINKS };
	struct pollfd p[LINKS + 2 * CONTROL_LINKS_MAX];
	struct pollfd *in = p + LINKS, *out = in + CONTROL_LINKS_MAX;

	p[CLIENT_IN] = reading(&c->client);
	p[CLIENT_OUT] = writing(&c->client, gate_client_queue(c->gate));
	p[BROKER] = (struct pollfd){.fd = CONTROL_FD, .events = POLLIN};
	for (unsigned i = 0; i < CONTROL_LINKS_MAX; i++) {
		in[i] = reading(&c->link[i]);
		out[i] = writing(&c->link[i], gate_link_queue(c->gate, i));
	}
	if (poll(p, LINKS + 2 * CONTROL_LINKS_MAX, ms) < 0)
		return;
	c->now_ms = moment_boot_ms();
	gate_clock(c->gate, c->now_ms);
	if (p[CLIENT_OUT].revents & (POLLERR | POLLHUP))
		c->over = true;
	if (p[BROKER].revents)
		hear_broker(c);
	read_all(c, in);
	if (p[CLIENT_IN].revents)
		stream_read(&c->client, c->now_ms);
}

/* How long until there is something to do that no descriptor tells of. */
static int sleep_ms(struct carrier *c, bool soon)
{
	int ms = gate_tick(c->gate);

	/* a frame may wait for a link, and the tick may have ended that */
	soon = soon || c->client.ended || c->client.at < c->client.len;
	return soon && (ms < 0 || ms > SOON_MS) ? SOON_MS : ms;
}

static void loop(struct carrier *c)
{
	for (;;) {
		bool soon;

		c->now_ms = moment_boot_ms();
		gate_clock(c->gate, c->now_ms);
		soon = look_at_ends(c);
		carry(c);
		if (is_done(c))
			return;
		wait_for_something(c, sleep_ms(c, soon));
	}
}

static int prepare(struct carrier *c)
{
	const struct gate_ways ways = {.context = c,
		.send = say,
		.receive = hear,
		.attach = attach,
		.detach = detach};
	int r = proc_harden(CONTROL_FD - STDERR_FILENO, NULL);

	(void)signal(SIGPIPE, SIG_IGN);
	if (r == 0)
		r = sum_setup();
	if (r == 0)
		r = sandbox_enter();
	if (r < 0)
		return r;
	for (int i = 0; i < CONTROL_LINKS_MAX; i++)
		c->link[i] = (struct stream)STREAM_NONE;
	c->gate = gate_new(&ways);
	if (!c->gate)
		return -ENOMEM;
	return stream_open(&c->client, STDIN_FILENO, STDOUT_FILENO);
}

int main(void)
{
	struct carrier *c = &carrier;

	if (prepare(c) < 0)
		return EXIT_FAILURE;
	loop(c);
	gate_end(c->gate);
	(void)write_all(c);
	/* libraries' own farewells would call what the sandbox forbids */
	_exit(c->over || gate_error(c->gate) ? EXIT_FAILURE : EXIT_SUCCESS);
}
