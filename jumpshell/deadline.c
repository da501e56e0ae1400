/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/deadline.h"

#include "base/cleanup.h"

static const unsigned warn_at_min[] = {15, 5, 1};

/* Marks each warning whose time has come; returns the shortest, or 0. */
static unsigned mark_due(struct deadline *d, int64_t now_ms)
{
	unsigned due = 0;

	for (size_t i = 0; i < ARRAY_LEN(warn_at_min); i++) {
		int64_t at_ms = (d->until - warn_at_min[i] * 60) * 1000;

		if (now_ms < at_ms || (d->warned & 1u << i))
			continue;
		d->warned |= 1u << i;
		due = warn_at_min[i];
	}
	return due;
}

void deadline_begin(
	struct deadline *d, const struct decision *now_is, int64_t now_ms)
{
	*d = (struct deadline){
		.until = now_is->until, .grace_sec = now_is->grace_sec};
	(void)mark_due(d, now_ms);
}

int64_t deadline_cut_ms(const struct deadline *d)
{
	return (d->until + d->grace_sec) * 1000;
}

static struct deadline_step step(enum deadline_act act, unsigned minutes)
{
	return (struct deadline_step){.act = act, .minutes = minutes};
}

static struct deadline_step cut(const char *reason)
{
	return (struct deadline_step){.act = DEADLINE_CUT, .reason = reason};
}

/* Allowed: for how long, and was that so before? */
static struct deadline_step look_open(
	struct deadline *d, const struct decision *now_is, int64_t now_ms)
{
	int64_t before = d->until;
	unsigned due;

	d->until = now_is->until;
	d->grace_sec = now_is->grace_sec;
	d->over = false;
	if (now_is->until != before) {
		d->warned = 0;
		(void)mark_due(d, now_ms);
		return step(now_is->until > before ? DEADLINE_EXTENDED
						   : DEADLINE_SHORTENED,
			0);
	}
	due = mark_due(d, now_ms);
	return due ? step(DEADLINE_WARN, due) : step(DEADLINE_GO, 0);
}

struct deadline_step deadline_look(
	struct deadline *d, const struct decision *now_is, int64_t now_ms)
{
	bool over = now_ms >= d->until * 1000;

	if (now_is->allow)
		return look_open(d, now_is, now_ms);
	/* "late" before our own deadline: it was moved to before now */
	if (!over || now_is->reason != REASON_LATE)
		return cut("revoked");
	if (now_ms >= deadline_cut_ms(d))
		return cut("window");
	if (d->over)
		return step(DEADLINE_GO, 0);
	d->over = true;
	return step(DEADLINE_GRACE, 0);
}
