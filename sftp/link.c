/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a link to a target: asked for when its folder is first used,
 * told its version, and ended by the target, the broker or a word that does
 * not fit. Its end is answered to each who waits, and is nobody else's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sftp/inside.h"

static void hold_target(
	struct gate *g, const char *name, uint32_t code, const char *text)
{
	struct target *t = root_target(g, name);

	if (!t)
		return;
	t->held_ms = g->now_ms + HOLD_MS;
	t->held_code = code;
	snprintf(t->held_text, sizeof(t->held_text), "%s", text);
}

/* One that nobody uses, and that was used the longest ago, makes room. */
static bool make_room(struct gate *g)
{
	struct link *oldest = NULL;
	unsigned used = 0;

	for (unsigned i = 0; i < CONTROL_LINKS_MAX; i++) {
		struct link *l = &g->links[i];

		if (l->state == LINK_NONE)
			continue;
		used++;
		if (l->state == LINK_UP && !l->uses && !l->out.total &&
			(!oldest || l->since_ms < oldest->since_ms))
			oldest = l;
	}
	if (used < CONTROL_LINKS_MAX)
		return true;
	if (!oldest) {
		(void)why(g, "files of %u targets are open: close some first",
			used);
		return false;
	}
	link_lost(g, (unsigned)(oldest - g->links), "nobody uses it");
	return !g->error;
}

static void send_init(struct gate *g, unsigned link)
{
	uint8_t head[HEAD_BYTES];
	struct build b;

	build_init(&b, head, sizeof(head));
	build_begin(&b, FXP_INIT, SFTP_VERSION);
	send_link(g, link, &b, NULL, 0);
}

static bool start(struct gate *g, struct target *t, unsigned *ret_link)
{
	struct fold *folds;
	struct link *l;

	if (!make_room(g))
		return false;
	folds = calloc(LINK_FOLDS, sizeof(*folds));
	if (!folds) {
		g->error = -ENOMEM;
		return false;
	}
	if (!ask_open(g, t, ret_link)) {
		free(folds);
		hold_target(g, t->name, FX_PERMISSION_DENIED, g->why);
		return false;
	}
	l = &g->links[*ret_link];
	free(l->folds);
	outq_clear(&l->out);
	*l = (struct link){.state = LINK_INIT,
		.write_max = SFTP_DATA_SURE,
		.since_ms = g->now_ms,
		.terms = g->answer.terms,
		.folds = folds,
		.out = l->out};
	memcpy(l->target, t->name, sizeof(l->target));
	t->files = 0; /* the terms have what is left of the session's */
	send_init(g, *ret_link);
	return true;
}

/* Stalled is one whose full queue does not get shorter. */
static void judge_stall(struct gate *g, struct link *l)
{
	if (l->out.total < QUEUE_FULL) {
		l->stalled_ms = 0;
	} else if (!l->stalled_ms || l->out.total < l->stalled_at) {
		l->stalled_ms = g->now_ms ? g->now_ms : 1;
		l->stalled_at = l->out.total;
	}
}

/* Has it room for more? Asked before anything is done for a request. */
bool link_takes(struct gate *g, unsigned link)
{
	struct link *l = &g->links[link];

	judge_stall(g, l);
	return !l->stalled_ms;
}

static enum link_get get(struct gate *g, unsigned link)
{
	struct link *l = &g->links[link];

	if (l->over) {
		g->why_code = FX_FAILURE;
		(void)why(g, "%s", l->text);
		return LINK_GET_REFUSED;
	}
	if (l->state != LINK_UP || !link_takes(g, link))
		return LINK_GET_WAIT;
	l->served = true;
	return LINK_GET_READY;
}

enum link_get link_get(struct gate *g, const char *target, unsigned *ret_link)
{
	struct target *t;

	for (unsigned i = 0; i < CONTROL_LINKS_MAX; i++) {
		if (g->links[i].state != LINK_NONE &&
			strcmp(g->links[i].target, target) == 0) {
			*ret_link = i;
			return get(g, i);
		}
	}
	g->why_code = FX_PERMISSION_DENIED;
	if (!root_refresh(g))
		return LINK_GET_REFUSED;
	t = root_target(g, target);
	if (!t || !t->listed) {
		g->why_code = FX_NO_SUCH_FILE;
		(void)why(g, "no target %s is open to you for files", target);
		return LINK_GET_REFUSED;
	}
	if (t->held_ms > g->now_ms) {
		memcpy(g->why, t->held_text, sizeof(g->why));
		g->why_code = t->held_code;
		return LINK_GET_REFUSED;
	}
	return start(g, t, ret_link) ? LINK_GET_WAIT : LINK_GET_REFUSED;
}

static void ask_limits(struct gate *g, unsigned link)
{
	struct pending *p = pend(g, PENDING_LIMITS, link, 0, NULL);
	uint8_t head[HEAD_BYTES];
	struct build b;

	build_init(&b, head, sizeof(head));
	build_begin(&b, FXP_EXTENDED, pending_id(&g->pendings, p));
	build_text(&b, "limits@openssh.com");
	send_link(g, link, &b, NULL, 0);
	g->links[link].state = LINK_LIMITS;
}

void link_version(struct gate *g, unsigned link, struct cursor *in)
{
	struct link *l = &g->links[link];
	uint32_t version = frame_u32(in);
	bool limits = false;

	while (!in->failed && cursor_left(in)) {
		struct bytes name = frame_string(in);

		(void)frame_string(in);
		if (bytes_are(name, "posix-rename@openssh.com"))
			l->posix_rename = true;
		else if (bytes_are(name, "fsync@openssh.com"))
			l->fsync = true;
		else if (bytes_are(name, "statvfs@openssh.com"))
			l->statvfs = true;
		else if (bytes_are(name, "hardlink@openssh.com"))
			l->hardlink = true;
		else if (bytes_are(name, "limits@openssh.com"))
			limits = true;
	}
	if (!cursor_done(in) || version != SFTP_VERSION)
		link_lost(g, link, "it does not speak SFTP version 3");
	else if (limits)
		ask_limits(g, link);
	else
		l->state = LINK_UP;
}

/* Whatever it says: between what every server takes and what we carry. */
void link_limits(struct gate *g, unsigned link, struct cursor *in)
{
	uint64_t write_max;

	(void)frame_u64(in);
	(void)frame_u64(in);
	write_max = frame_u64(in);
	(void)frame_u64(in);
	if (!in->failed && (!write_max || write_max > SFTP_DATA_MAX))
		write_max = SFTP_DATA_MAX;
	if (write_max > SFTP_DATA_SURE)
		g->links[link].write_max = (uint32_t)write_max;
	g->links[link].state = LINK_UP;
}

/* Those who wait for an answer of it get this one. */
static void answer_waiting(struct gate *g, unsigned link, const char *text)
{
	for (size_t i = 0; i < PENDING_MAX; i++) {
		struct pending *p = &g->pendings.slots[i];
		struct handle *h;

		if (p->kind == PENDING_NONE || p->link != link)
			continue;
		h = handle_by_ref(g, p->handle);
		if (h)
			h->failed = true;
		if (p->kind <= PENDING_ANSWERED_LAST)
			send_status(g, p->client_id, FX_FAILURE, text);
		unpend(g, p);
	}
}

static void end_handles(struct gate *g, unsigned link, const char *text)
{
	for (size_t i = 0; i < HANDLES_MAX; i++) {
		struct handle *h = &g->handles[i];

		if (h->kind == HANDLE_FREE || h->kind == HANDLE_DEAD ||
			h->link != link)
			continue;
		if (h->directions)
			(void)transfer_end(g, h, false, text);
		/* an OPEN, a CLOSE, or what waits for a look */
		if (h->state != STATE_OPEN)
			send_status(g, h->client_id, FX_FAILURE, text);
		if (h->state == STATE_OPEN)
			handle_kill(g, h, text);
		else
			handle_free(g, h);
	}
}

void link_lost(struct gate *g, unsigned link, const char *text)
{
	struct link *l = &g->links[link];
	char whole[CONTROL_TEXT_SIZE];

	if (l->state == LINK_NONE || l->ending)
		return;
	l->ending = true;
	snprintf(whole, sizeof(whole), "%s: %s", l->target, text);
	/* else the request that waits would open it again, without end */
	if (!l->served)
		hold_target(g, l->target, FX_FAILURE, whole);
	outq_clear(&l->out);
	answer_waiting(g, link, whole);
	end_handles(g, link, whole);
	tell_rest(g, link);
	ask_close(g, link);
	g->ways.detach(g->ways.context, link);
	l->state = LINK_NONE;
	l->over = l->ending = false;
}

void links_sweep(struct gate *g)
{
	for (unsigned i = 0; i < CONTROL_LINKS_MAX && !g->error; i++)
		if (g->links[i].over && g->links[i].state != LINK_NONE)
			link_lost(g, i, g->links[i].text);
}

static int64_t deadline(const struct link *l)
{
	if (l->state == LINK_INIT || l->state == LINK_LIMITS)
		return l->since_ms + START_WAIT_MS;
	if (l->state == LINK_UP && l->stalled_ms)
		return l->stalled_ms + STALL_WAIT_MS;
	return INT64_MAX;
}

void links_tick(struct gate *g, int64_t *ret_next_ms)
{
	for (unsigned i = 0; i < CONTROL_LINKS_MAX; i++) {
		int64_t end;

		judge_stall(g, &g->links[i]);
		end = deadline(&g->links[i]);
		if (end <= g->now_ms)
			link_lost(g, i, "it does not answer");
		else if (end < *ret_next_ms)
			*ret_next_ms = end;
	}
}
