/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Watches one window while something runs in it: asks again whenever a
 * generation was published, and each second, and says what to tell and when
 * to end.
 */
#ifndef JUMP_JUMPSHELL_GUARD_H
#define JUMP_JUMPSHELL_GUARD_H

#include "jumpshell/access.h"
#include "jumpshell/deadline.h"

#define GUARD_TEXT_SIZE 256
/* The relay cuts at the deadline and says why; this much later it did not.
 * jump-watch comes after both, at 250 ms. */
#define GUARD_LAG_MS	150

struct guard {
	struct access *access;
	const char *target; /* NULL: the session as a whole */
	enum proto proto;   /* of a target */
	struct deadline deadline;
	int64_t cut_boot_ms; /* 0: nothing to cut yet */
	const char *cut_reason;
};

struct guard_step {
	bool end;		    /* now */
	const char *reason;	    /* of the end */
	char text[GUARD_TEXT_SIZE]; /* for the person; "" is nothing to say */
};

void guard_begin(struct guard *g, struct access *a, const char *target,
	enum proto proto, const struct decision *now_is);

/* Looks; cheap enough for each round of a loop. */
struct guard_step guard_look(struct guard *g);

/* How long a loop may sleep before it looks again. */
int guard_wait_ms(const struct guard *g);

#endif
