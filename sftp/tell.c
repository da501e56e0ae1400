/* SPDX-License-Identifier: BSD-2-Clause */
/* Events: written by the broker before their effect is passed on. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sftp/inside.h"

enum { FOLD_LIST, FOLD_LOOK, FOLD_DENIED, FOLDS };
_Static_assert(FOLDS == LINK_FOLDS, "one of each kind");

static const uint8_t fold_acts[FOLDS] = {
	FILE_ACT_LIST, FILE_ACT_LOOK, FILE_ACT_DENIED};

struct file_event *tell_new(
	struct gate *g, unsigned link, uint8_t act, const char *name)
{
	struct control *q = &g->question;

	memset(q, 0, sizeof(*q));
	q->kind = CONTROL_EVENT;
	q->link = (uint8_t)link;
	q->event.act = act;
	if (link < CONTROL_LINKS_MAX)
		memcpy(q->target, g->links[link].target, sizeof(q->target));
	snprintf(q->event.name, sizeof(q->event.name), "%s", name);
	return &q->event;
}

bool tell(struct gate *g)
{
	const uint8_t link = g->question.link;

	if (ask(g, NULL, NULL) < 0)
		return false;
	if (g->answer.kind == CONTROL_REFUSED) {
		(void)why(g, "%s",
			g->answer.text[0] ? g->answer.text
					  : "this can't be written down, so "
					    "it is not done");
		return false;
	}
	if (g->answer.kind != CONTROL_DONE) {
		g->error = -EBADMSG;
		return false;
	}
	if (link < CONTROL_LINKS_MAX && g->links[link].over) {
		memcpy(g->why, g->links[link].text, sizeof(g->why));
		return false;
	}
	return true;
}

bool tell_act(struct gate *g, unsigned link, uint8_t act, const char *name,
	const char *other)
{
	struct file_event *e = tell_new(g, link, act, name);

	if (other)
		snprintf(e->other, sizeof(e->other), "%s", other);
	return tell(g);
}

/* A size is contents: a file of 0 bytes was emptied. */
bool tell_attrs(struct gate *g, unsigned link, const char *name,
	const struct attrs *a)
{
	char text[128] = "";
	size_t n = 0;

	(void)tell_new(g, link, FILE_ACT_ATTRIBUTES, name);
	if (a->flags & ATTRS_SIZE)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
			" size=%" PRIu64, a->size);
	if (a->flags & ATTRS_MODE)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
			" mode=%04" PRIo32, a->mode & 07777);
	if (a->flags & ATTRS_OWNER)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
			" owner=%" PRIu32 ":%" PRIu32, a->uid, a->gid);
	if (a->flags & ATTRS_TIMES)
		snprintf(text + n, sizeof(text) - n, " mtime=%" PRIu32,
			a->mtime);
	snprintf(g->question.text, sizeof(g->question.text), "%s",
		text[0] ? text + 1 : "");
	return tell(g);
}

static struct fold *fold_of(struct gate *g, unsigned link, uint8_t act)
{
	if (link >= CONTROL_LINKS_MAX)
		return g->rootless;
	for (int i = 0; i < FOLDS; i++)
		if (fold_acts[i] == act)
			return &g->links[link].folds[i];
	return NULL;
}

static bool folded(struct gate *g, unsigned link, uint8_t act,
	const char *name, const char *text)
{
	struct fold *f = fold_of(g, link, act);
	struct file_event *e;
	uint32_t times;

	if (!f || !fold_now(f, g->now_ms, name, text, &times))
		return f != NULL;
	e = tell_new(g, link, act, name);
	e->times = times;
	if (text)
		snprintf(g->question.text, sizeof(g->question.text), "%s",
			text);
	return tell(g);
}

bool tell_folded(struct gate *g, unsigned link, uint8_t act, const char *name)
{
	return folded(g, link, act, name, NULL);
}

void deny(struct gate *g, unsigned link, uint32_t id, const char *name,
	const char *text)
{
	char kept[CONTROL_TEXT_SIZE];

	/* text may be g->why, which the broker's answer replaces */
	snprintf(kept, sizeof(kept), "%s", text);
	(void)folded(g, link, FILE_ACT_DENIED, name, kept);
	send_status(g, id, FX_PERMISSION_DENIED, kept);
}

static void tell_fold(
	struct gate *g, unsigned link, struct fold *f, uint8_t act, bool now)
{
	struct file_event *e;
	uint32_t times = f->waiting;

	if (now)
		f->waiting = 0;
	else if (!fold_due(f, g->now_ms, &times))
		return;
	if (!times)
		return;
	e = tell_new(g, link, act, f->name);
	e->times = times;
	memcpy(g->question.text, f->text, sizeof(f->text));
	(void)tell(g);
}

static void sooner(int64_t *next_ms, const struct fold *f)
{
	int64_t when = fold_when(f);

	if (when >= 0 && when < *next_ms)
		*next_ms = when;
}

void tell_tick(struct gate *g, int64_t *ret_next_ms)
{
	tell_fold(g, CONTROL_NO_LINK, g->rootless, FILE_ACT_DENIED, false);
	sooner(ret_next_ms, g->rootless);
	for (unsigned l = 0; l < CONTROL_LINKS_MAX; l++) {
		struct fold *f = g->links[l].folds;

		for (int i = 0; g->links[l].state && i < FOLDS; i++) {
			tell_fold(g, l, &f[i], fold_acts[i], false);
			sooner(ret_next_ms, &f[i]);
		}
	}
}

void tell_rest(struct gate *g, unsigned link)
{
	struct fold *f;

	if (link >= CONTROL_LINKS_MAX) {
		tell_fold(g, CONTROL_NO_LINK, g->rootless, FILE_ACT_DENIED,
			true);
		return;
	}
	f = g->links[link].folds;
	for (int i = 0; i < FOLDS; i++)
		tell_fold(g, link, &f[i], fold_acts[i], true);
}
