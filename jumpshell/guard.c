/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/guard.h"

#include <stdio.h>

#include "jumpshell/texts.h"

#define LOOK_EVERY_MS 1000

static struct decision ask(struct guard *g)
{
	if (!g->target)
		return access_login(g->access);
	return access_target(g->access, CHANNEL_BROKERED, g->target, g->proto);
}

void guard_begin(struct guard *g, struct access *a, const char *target,
	enum proto proto, const struct decision *now_is)
{
	*g = (struct guard){.access = a, .target = target, .proto = proto};
	deadline_begin(&g->deadline, now_is, access_now_ms(a));
}

static void say(struct guard *g, const struct deadline_step *s, char *ret)
{
	const char *what = g->target ? g->target : "your session";
	char when[TEXT_WHEN_SIZE];

	text_when(g->access, g->deadline.until, when);
	switch (s->act) {
	case DEADLINE_WARN:
		snprintf(ret, GUARD_TEXT_SIZE, "%s ends in %u minute%s, %s.",
			what, s->minutes, s->minutes == 1 ? "" : "s", when);
		break;
	case DEADLINE_EXTENDED:
		snprintf(ret, GUARD_TEXT_SIZE,
			"The window was extended: %s until %s.", what, when);
		break;
	case DEADLINE_SHORTENED:
		snprintf(ret, GUARD_TEXT_SIZE,
			"The window was shortened: %s until %s.", what, when);
		break;
	case DEADLINE_GRACE:
		snprintf(ret, GUARD_TEXT_SIZE,
			"The window is over. %s is cut in %u s.", what,
			g->deadline.grace_sec);
		break;
	case DEADLINE_CUT:
		snprintf(ret, GUARD_TEXT_SIZE, "%s ends now: %s.", what,
			text_end_reason(s->reason));
		break;
	case DEADLINE_GO:
		break;
	}
}

static struct guard_step cut_after_lag(struct guard *g)
{
	struct guard_step step = {0};

	if (moment_boot_ms() < g->cut_boot_ms + GUARD_LAG_MS)
		return step;
	step.end = true;
	step.reason = g->cut_reason;
	return step;
}

struct guard_step guard_look(struct guard *g)
{
	struct guard_step step = {0};
	struct deadline_step s = {.act = DEADLINE_CUT, .reason = "error"};
	struct decision d;

	if (g->cut_boot_ms)
		return cut_after_lag(g);
	if (access_refresh(g->access) >= 0) {
		d = ask(g);
		s = deadline_look(&g->deadline, &d, access_now_ms(g->access));
	}
	say(g, &s, step.text);
	if (s.act == DEADLINE_CUT) {
		g->cut_boot_ms = moment_boot_ms();
		g->cut_reason = s.reason;
	}
	return step;
}

int guard_wait_ms(const struct guard *g)
{
	int64_t now_ms, left_ms;

	if (g->cut_boot_ms) {
		left_ms = g->cut_boot_ms + GUARD_LAG_MS - moment_boot_ms();
		return left_ms < 0 ? 0 : (int)left_ms;
	}
	now_ms = access_now_ms(g->access);
	left_ms = (g->deadline.over ? deadline_cut_ms(&g->deadline)
				    : g->deadline.until * 1000) -
		  now_ms;
	if (left_ms > LOOK_EVERY_MS)
		return LOOK_EVERY_MS;
	return left_ms < 0 ? 0 : (int)left_ms + 1;
}
