/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A transfer has a beginning that is written down before the target hears of
 * it, and an end that says how much went over, and whether that was the
 * whole file, with its sum.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sftp/inside.h"

static bool is_up(uint32_t open_flags)
{
	return open_flags & (FXF_WRITE | FXF_APPEND | FXF_CREAT | FXF_TRUNC);
}

/* OpenSSH opens for reading what is opened for nothing. */
static bool is_down(uint32_t open_flags)
{
	return open_flags & FXF_READ || !(open_flags & FXF_WRITE);
}

static const char *checked_refusal(
	struct gate *g, const char *target, uint32_t flags)
{
	const uint32_t whole = FXF_WRITE | FXF_CREAT | FXF_TRUNC;

	if ((flags & ~(uint32_t)FXF_EXCL) == whole)
		return NULL;
	return why(g, "%s: files are checked before they are released, so "
		      "only whole new ones can be sent: no appending, no "
		      "resuming, no changing in place", target);
}

const char *transfer_refusal(struct gate *g, unsigned link,
	const struct place *at, uint32_t open_flags)
{
	const struct link *l = &g->links[link];
	const struct target *t = root_target(g, l->target);
	bool up = is_up(open_flags), down = is_down(open_flags);

	if (up && !(l->terms.directions & FILE_UP))
		return why(g, "%s: no files may be sent there in this window "
			      "(it has no direction up)", l->target);
	if (down && !(l->terms.directions & FILE_DOWN))
		return why(g, "%s: no files may be fetched from there in this "
			      "window (it has no direction down)", l->target);
	if (!place_matches(&l->terms, at->inner))
		return why(g, "%s: only files named as the policy's FileNames "
			      "says may be touched", l->target);
	if (!t || t->files >= l->terms.count_max)
		return why(g, "%s: as many files have gone over in this "
			      "session as are allowed (FileCount): log in anew",
			l->target);
	return up && l->terms.checked
		? checked_refusal(g, l->target, open_flags)
		: NULL;
}

static bool begin_one(struct gate *g, struct handle *h, uint8_t direction)
{
	int i = direction == FILE_DOWN;
	struct file_event *e = tell_new(g, h->link, FILE_ACT_BEGIN, h->path);

	e->direction = direction;
	if (!tell(g))
		return false;
	h->directions |= direction;
	if (h->kind != HANDLE_FILE)
		return true;
	if (sum_init(&h->sums[i], &g->ahead_bytes) < 0) {
		g->error = -ENOMEM;
		return false;
	}
	h->has_sum[i] = true;
	return true;
}

bool transfer_begin(struct gate *g, struct handle *h)
{
	struct target *t = root_target(g, g->links[h->link].target);
	bool ok = true;

	if (is_up(h->open_flags))
		ok = begin_one(g, h, FILE_UP);
	if (ok && is_down(h->open_flags))
		ok = begin_one(g, h, FILE_DOWN);
	if (ok) {
		t->files++;
	} else if (h->directions) {
		char text[CONTROL_TEXT_SIZE];

		memcpy(text, g->why, sizeof(text));
		(void)transfer_end(g, h, false, text);
		memcpy(g->why, text, sizeof(text));
	}
	return ok;
}

/* Up: nothing of an older file can be left behind what was sent. */
static bool is_fresh(const struct handle *h)
{
	const uint32_t created = FXF_CREAT | FXF_EXCL;

	return !h->resized &&
		(h->open_flags & FXF_TRUNC ||
			(h->open_flags & created) == created);
}

bool transfer_wants_size(const struct handle *h)
{
	if (h->directions & FILE_UP && !is_fresh(h))
		return true;
	return h->directions & FILE_DOWN && h->end_at != h->sums[1].next;
}

static bool reaches_end(const struct handle *h, int i)
{
	uint64_t next = h->sums[i].next;

	if (h->has_size)
		return h->final_size == next;
	return i == 0 ? is_fresh(h) : h->end_at == next;
}

static void judge_sum(struct handle *h, int i, struct file_event *e, bool done)
{
	if (h->kind == HANDLE_SPOOL) {
		e->size = h->spool->size;
		e->whole = e->has_sum = h->spool->sealed;
		if (e->has_sum)
			memcpy(e->sum, h->spool->sum, sizeof(e->sum));
		return;
	}
	e->size = h->moved[i];
	if (!done || h->inflight || h->open_flags & FXF_APPEND ||
		!reaches_end(h, i))
		return;
	e->whole = e->has_sum = sum_final(&h->sums[i], e->sum);
}

bool transfer_end(
	struct gate *g, struct handle *h, bool done, const char *text)
{
	bool ok = true;

	done = done && !h->failed;
	for (int i = 0; i < 2; i++) {
		uint8_t direction = i == 0 ? FILE_UP : FILE_DOWN;
		struct file_event *e;

		if (!(h->directions & direction))
			continue;
		e = tell_new(g, h->link, FILE_ACT_TRANSFER, h->path);
		e->direction = direction;
		e->done = done;
		judge_sum(h, i, e, done);
		snprintf(g->question.text, sizeof(g->question.text), "%s",
			text ? text : "");
		ok = tell(g) && ok;
	}
	h->directions = 0;
	return ok;
}
