/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/watch/clock.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/moment.h"

int64_t clock_now_ms(const struct clock_state *s)
{
	return s->boot_ms + s->offset_ms;
}

static void set_why(struct clock_state *s, const char *why)
{
	snprintf(s->why, sizeof(s->why), "%s", why);
}

static void accept_offset(struct clock_state *s, const struct clock_look *look)
{
	s->offset_ms = look->wall_ms - look->boot_ms;
}

static void set_anchor(struct clock_state *s)
{
	s->anchor_offset_ms = s->offset_ms;
	s->anchor_boot_ms = s->boot_ms;
}

static void doubt(struct clock_state *s, const char *why)
{
	if (s->trusted)
		s->doubt_boot_ms = s->boot_ms;
	s->trusted = false;
	set_why(s, why);
}

static bool is_past(
	const struct clock_look *look, const struct clock_limits *limits)
{
	return look->wall_ms < limits->highwater_ms - MOMENT_STEP_MAX_MS;
}

/* Against the last look, and against all looks of the last ten minutes. */
static bool is_step(const struct clock_state *s, const struct clock_look *look)
{
	int64_t offset_ms = look->wall_ms - look->boot_ms;

	return llabs(offset_ms - s->offset_ms) > MOMENT_STEP_MAX_MS ||
	       llabs(offset_ms - s->anchor_offset_ms) > MOMENT_STEP_MAX_MS;
}

static bool is_unsynced_too_long(
	const struct clock_state *s, const struct clock_limits *limits)
{
	return !s->synced &&
	       s->boot_ms - s->synced_boot_ms > limits->unsynced_max_ms;
}

static struct clock_state first(
	const struct clock_look *look, const struct clock_limits *limits)
{
	struct clock_state s = {
		.trusted = true,
		.synced = look->synced,
		.boot_ms = look->boot_ms,
		.synced_boot_ms = look->synced ? look->boot_ms : 0,
	};

	set_why(&s, "ok");
	accept_offset(&s, look);
	set_anchor(&s);
	if (is_past(look, limits))
		doubt(&s, "past");
	else if (is_unsynced_too_long(&s, limits))
		doubt(&s, "unsynchronised");
	return s;
}

static void go_on_trusting(struct clock_state *s, const struct clock_look *look,
	const struct clock_limits *limits)
{
	if (is_step(s, look)) {
		doubt(s, "step");
		return;
	}
	accept_offset(s, look);
	if (s->boot_ms - s->anchor_boot_ms >= CLOCK_ANCHOR_MS)
		set_anchor(s);
	if (is_past(look, limits))
		doubt(s, "past");
	else if (is_unsynced_too_long(s, limits))
		doubt(s, "unsynchronised");
}

static void go_on_doubting(struct clock_state *s, const struct clock_look *look,
	const struct clock_limits *limits)
{
	if (is_past(look, limits)) {
		set_why(s, "past");
		return;
	}
	if (!look->synced || s->boot_ms - s->doubt_boot_ms < CLOCK_RECOVER_MS)
		return;
	accept_offset(s, look);
	set_anchor(s);
	s->trusted = true;
	set_why(s, "ok");
}

struct clock_state clock_judge(const struct clock_state *prev,
	const struct clock_look *look, const struct clock_limits *limits)
{
	struct clock_state s;

	if (!prev || prev->boot_ms > look->boot_ms)
		return first(look, limits);
	s = *prev;
	s.boot_ms = look->boot_ms;
	s.synced = look->synced;
	if (look->synced)
		s.synced_boot_ms = look->boot_ms;
	if (s.trusted)
		go_on_trusting(&s, look, limits);
	else
		go_on_doubting(&s, look, limits);
	return s;
}

struct clock_state clock_confirmed(const struct clock_look *look)
{
	struct clock_state s = {
		.trusted = true,
		.synced = look->synced,
		.boot_ms = look->boot_ms,
		.synced_boot_ms = look->boot_ms, /* the limit starts anew */
	};

	set_why(&s, "ok");
	accept_offset(&s, look);
	set_anchor(&s);
	return s;
}
