/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames in and frames out; what they mean is found elsewhere. */
#include "sftp/gate.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sftp/inside.h"

struct gate *gate_new(const struct gate_ways *ways)
{
	struct gate *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->ways = *ways;
	g->targets = calloc(TARGETS_MAX, sizeof(*g->targets));
	g->rootless = calloc(1, sizeof(*g->rootless));
	g->scratch = malloc(SFTP_FRAME_MAX + 4);
	pendings_init(&g->pendings);
	if (!g->targets || !g->rootless || !g->scratch) {
		gate_free(g);
		return NULL;
	}
	return g;
}

void gate_free(struct gate *g)
{
	if (!g)
		return;
	/* what they borrow may be gone */
	for (size_t i = 0; i < CONTROL_LINKS_MAX; i++)
		outq_clear(&g->links[i].out);
	for (size_t i = 0; i < HANDLES_MAX; i++)
		if (g->handles[i].kind != HANDLE_FREE)
			handle_free(g, &g->handles[i]);
	for (size_t i = 0; i < CONTROL_LINKS_MAX; i++) {
		outq_done(&g->links[i].out);
		free(g->links[i].folds);
	}
	pendings_done(&g->pendings);
	outq_done(&g->out);
	free(g->targets);
	free(g->rootless);
	free(g->scratch);
	free(g);
}

void gate_clock(struct gate *g, int64_t now_ms)
{
	g->now_ms = now_ms;
}

int gate_error(const struct gate *g)
{
	return g->error;
}

struct outq *gate_client_queue(struct gate *g)
{
	return &g->out;
}

struct outq *gate_link_queue(struct gate *g, unsigned link)
{
	return &g->links[link].out;
}

bool gate_is_idle(const struct gate *g)
{
	return g->pendings.free_count == PENDING_MAX;
}

static void put(struct gate *g, struct outq *q, struct build *b,
	const void *body, size_t len)
{
	int r = b->failed ? -EMSGSIZE : 0;

	if (r == 0)
		r = outq_put(q, b->data, b->len, body, len);
	if (r < 0 && !g->error)
		g->error = r;
}

void send_client(struct gate *g, struct build *b, const void *body, size_t len)
{
	build_end(b, len);
	put(g, &g->out, b, body, len);
}

void send_link(struct gate *g, unsigned link, struct build *b,
	const void *body, size_t len)
{
	build_end(b, len);
	put(g, &g->links[link].out, b, body, len);
}

const char *why(struct gate *g, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(g->why, sizeof(g->why), format, args);
	va_end(args);
	return g->why;
}

/* What was open is told, and what is only counted so far. */
static void end_all(struct gate *g, const char *text)
{
	for (unsigned i = 0; i < CONTROL_LINKS_MAX && !g->error; i++)
		if (g->links[i].state != LINK_NONE)
			link_lost(g, i, text);
	if (!g->error)
		tell_rest(g, CONTROL_NO_LINK);
}

/* A client's frame that is none, or a breach: the last events, and the end. */
static ssize_t malformed(struct gate *g)
{
	struct file_event *e =
		tell_new(g, CONTROL_NO_LINK, FILE_ACT_DENIED, "/");

	e->times = 1;
	snprintf(g->question.text, sizeof(g->question.text),
		"the client sent what is no SFTP: the session was ended");
	(void)tell(g);
	end_all(g, "the client sent what is no SFTP");
	if (!g->error)
		g->error = -EBADMSG;
	return g->error;
}

static void answer_init(struct gate *g)
{
	static const char *const extensions[][2] = {
		{"posix-rename@openssh.com", "1"},
		{"statvfs@openssh.com", "2"},
		{"fstatvfs@openssh.com", "2"},
		{"hardlink@openssh.com", "1"},
		{"fsync@openssh.com", "1"},
		{"limits@openssh.com", "1"},
	};
	uint8_t head[HEAD_BYTES];
	struct build b;

	build_init(&b, head, sizeof(head));
	build_begin(&b, FXP_VERSION, SFTP_VERSION);
	for (size_t i = 0; i < sizeof(extensions) / sizeof(*extensions); i++) {
		build_text(&b, extensions[i][0]);
		build_text(&b, extensions[i][1]);
	}
	send_client(g, &b, NULL, 0);
	g->spoke = true;
}

/* INIT comes first, once, and has a version. */
static enum step take_init(struct gate *g, struct frame *f)
{
	(void)frame_u32(&f->rest);
	if (f->type != FXP_INIT || f->rest.failed)
		return STEP_MALFORMED;
	answer_init(g);
	return STEP_DONE;
}

static enum step take(struct gate *g, struct frame *f)
{
	struct request q = {.type = f->type};

	if (!g->spoke)
		return take_init(g, f);
	q.id = frame_u32(&f->rest);
	q.in = f->rest;
	if (f->rest.failed || f->type == FXP_INIT)
		return STEP_MALFORMED;
	return request_take(g, &q);
}

ssize_t gate_client(struct gate *g, const uint8_t *data, size_t len)
{
	size_t at = 0;

	while (!g->error && g->pendings.free_count >= PENDING_ROOM &&
		g->out.total < QUEUE_FULL) {
		struct frame f = {0};
		ssize_t n = frame_next(data + at, len - at, &f);
		enum step step;

		if (n < 0)
			return malformed(g);
		if (n == 0)
			break;
		step = take(g, &f);
		if (step == STEP_MALFORMED)
			return malformed(g);
		links_sweep(g);
		if (step == STEP_WAIT)
			break;
		at += (size_t)n;
	}
	return g->error ? g->error : (ssize_t)at;
}

ssize_t gate_link(
	struct gate *g, unsigned link, const uint8_t *data, size_t len)
{
	struct link *l = &g->links[link];
	size_t at = 0;

	while (!g->error && l->state != LINK_NONE && g->out.total < QUEUE_FULL) {
		struct frame f = {0};
		ssize_t n = frame_next(data + at, len - at, &f);

		if (n == 0)
			break;
		if (n < 0)
			link_lost(g, link, "it sent what is no SFTP");
		else if (reply_take(g, link, &f))
			at += (size_t)n;
		links_sweep(g);
	}
	if (l->state == LINK_NONE)
		at = len;
	return g->error ? g->error : (ssize_t)at;
}

void gate_link_gone(struct gate *g, unsigned link)
{
	link_lost(g, link, "the connection ended");
	links_sweep(g);
}

int gate_unasked(struct gate *g, const struct control *c)
{
	if (c->kind != CONTROL_OVER || c->link >= CONTROL_LINKS_MAX) {
		g->error = -EBADMSG;
	} else if (g->links[c->link].state != LINK_NONE) {
		g->links[c->link].over = true;
		memcpy(g->links[c->link].text, c->text, sizeof(c->text));
		links_sweep(g);
	}
	return g->error;
}

int gate_tick(struct gate *g)
{
	int64_t next = INT64_MAX;

	if (!g->error)
		tell_tick(g, &next);
	if (!g->error)
		links_tick(g, &next);
	links_sweep(g);
	if (next == INT64_MAX)
		return -1;
	return next <= g->now_ms ? 0 : (int)(next - g->now_ms);
}

void gate_end(struct gate *g)
{
	end_all(g, "the client is gone");
}
