/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Questions to the broker. One at a time, each waited for; what it says of
 * links that are over meanwhile is remembered until the frame is done.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sftp/inside.h"

static int failed(struct gate *g, int r)
{
	if (!g->error)
		g->error = r;
	return g->error;
}

static int answer(struct gate *g, int ret_fds[2])
{
	struct control *a = &g->answer;
	int r;

	for (;;) {
		r = g->ways.receive(g->ways.context, a, ret_fds);
		if (r < 0)
			return failed(g, r);
		if (a->kind != CONTROL_OVER)
			return 0;
		if (g->links[a->link].state == LINK_NONE)
			continue;
		g->links[a->link].over = true;
		memcpy(g->links[a->link].text, a->text, sizeof(a->text));
	}
}

int ask(struct gate *g, const int fds[2], int ret_fds[2])
{
	int r;

	if (g->error)
		return g->error;
	r = g->ways.send(g->ways.context, &g->question, fds);
	return r < 0 ? failed(g, r) : answer(g, ret_fds);
}

static bool refused(struct gate *g)
{
	if (g->error)
		return true;
	if (g->answer.kind != CONTROL_REFUSED)
		return false;
	memcpy(g->why, g->answer.text, sizeof(g->why));
	if (!g->why[0])
		(void)why(g, "refused");
	return true;
}

static bool is(struct gate *g, uint8_t kind)
{
	if (g->answer.kind != kind)
		(void)failed(g, -EBADMSG);
	return !g->error;
}

static void question(struct gate *g, uint8_t kind, uint8_t link)
{
	memset(&g->question, 0, sizeof(g->question));
	g->question.kind = kind;
	g->question.link = link;
}

bool ask_open(struct gate *g, struct target *t, unsigned *ret_link)
{
	int fds[2] = {-1, -1};
	unsigned link;

	question(g, CONTROL_OPEN, 0);
	memcpy(g->question.target, t->name, sizeof(t->name));
	(void)ask(g, NULL, fds);
	if (refused(g))
		return false;
	link = g->answer.link;
	if (!is(g, CONTROL_OPENED) || link >= CONTROL_LINKS_MAX ||
		g->links[link].state != LINK_NONE) {
		for (int i = 0; i < 2; i++)
			if (fds[i] >= 0)
				(void)close(fds[i]);
		(void)failed(g, -EBADMSG);
		return false;
	}
	g->ways.attach(g->ways.context, link, fds);
	*ret_link = link;
	return true;
}

static void list_one(struct gate *g)
{
	struct target *t = root_target(g, g->answer.target);

	if (!g->answer.target[0])
		return;
	if (!t && g->target_count < TARGETS_MAX) {
		t = &g->targets[g->target_count++];
		memcpy(t->name, g->answer.target, sizeof(t->name));
	}
	if (t)
		t->listed = true;
}

bool ask_list(struct gate *g)
{
	question(g, CONTROL_LIST, 0);
	for (size_t i = 0; i < g->target_count; i++)
		g->targets[i].listed = false;
	(void)ask(g, NULL, NULL);
	/* the rest of its answer */
	for (size_t i = 0; !g->error && g->answer.kind == CONTROL_TARGET; i++) {
		list_one(g);
		if (i > 2 * TARGETS_MAX)
			(void)failed(g, -EBADMSG);
		else
			(void)answer(g, NULL);
	}
	return !refused(g) && is(g, CONTROL_DONE);
}

void ask_close(struct gate *g, unsigned link)
{
	question(g, CONTROL_CLOSE, (uint8_t)link);
	if (ask(g, NULL, NULL) == 0 && !refused(g))
		(void)is(g, CONTROL_DONE);
}

bool ask_check(struct gate *g, struct handle *h)
{
	const int fds[2] = {h->spool->fd, -1};
	struct file_event *e =
		tell_new(g, h->link, FILE_ACT_TRANSFER, h->path);

	g->question.kind = CONTROL_CHECK;
	e->direction = FILE_UP;
	e->whole = e->has_sum = true;
	e->size = h->spool->size;
	memcpy(e->sum, h->spool->sum, sizeof(e->sum));
	(void)ask(g, fds, NULL);
	return !refused(g) && is(g, CONTROL_DONE);
}
