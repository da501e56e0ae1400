/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When a window ends, and what to say before: pure, so that each minute of
 * it can be tested. The relay and the root worker cut by the same rule; this
 * one tells the person.
 */
#ifndef JUMP_JUMPSHELL_DEADLINE_H
#define JUMP_JUMPSHELL_DEADLINE_H

#include "policy/decide.h"

enum deadline_act {
	DEADLINE_CUT = 0, /* the zero value: end it now */
	DEADLINE_GO,
	DEADLINE_WARN,	    /* `minutes` or less are left */
	DEADLINE_EXTENDED,  /* until moved on */
	DEADLINE_SHORTENED, /* until moved closer */
	DEADLINE_GRACE,	    /* over, and the conduit's grace runs */
};

struct deadline {
	int64_t until; /* UTC s; 0: none yet */
	uint32_t grace_sec;
	unsigned warned; /* bits of the warnings that were given */
	bool over;
};

struct deadline_step {
	enum deadline_act act;
	unsigned minutes;
	const char *reason; /* of a cut: "window" or "revoked" */
};

/* The state at the beginning: warnings whose time is past are not given. */
void deadline_begin(
	struct deadline *d, const struct decision *now_is, int64_t now_ms);

/*
 * What follows from the decision of this moment. Each step is told once; call
 * it at least once a second. now_ms is trusted UTC.
 */
struct deadline_step deadline_look(
	struct deadline *d, const struct decision *now_is, int64_t now_ms);

/* UTC ms at which it must be cut when nothing changes. */
int64_t deadline_cut_ms(const struct deadline *d);

#endif
