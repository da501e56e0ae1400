/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is the clock to be believed? Windows are hours of a wall clock that anyone
 * who speaks NTP to the host can move, so what the gates use is BOOTTIME plus
 * an offset that was accepted here. This is the judgement, pure: looks in,
 * state out.
 */
#ifndef JUMP_WORKERS_WATCH_CLOCK_H
#define JUMP_WORKERS_WATCH_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_ANCHOR_MS	 600000 /* small steps may add up to one, no more */
#define CLOCK_RECOVER_MS 5000	/* a doubt lasts at least that long */

struct clock_look {
	int64_t wall_ms; /* UTC, of the wall clock */
	int64_t boot_ms; /* BOOTTIME of the same moment */
	bool synced;	 /* the kernel says so (STA_UNSYNC is clear) */
};

struct clock_limits {
	int64_t highwater_ms; /* highest trusted UTC ever stored, 0: none */
	int64_t unsynced_max_ms;
};

/* What is published, and what the next look needs. */
struct clock_state {
	bool trusted;
	bool synced;
	char why[16];	   /* "ok", "step", "past", "unsynchronised" */
	int64_t boot_ms;   /* of the look */
	int64_t offset_ms; /* accepted: UTC minus BOOTTIME */
	int64_t anchor_offset_ms, anchor_boot_ms;
	int64_t synced_boot_ms; /* last look that was synchronised; 0: none */
	int64_t doubt_boot_ms;	/* when trust was lost last */
};

/*
 * The next state. prev NULL, or of a later BOOTTIME than the look: nothing
 * was published since boot. While in doubt the offset stays what it was, so
 * that running deadlines go on by BOOTTIME. Doubt ends when the clock is
 * synchronised and not below the high-water mark; an operator ends any.
 */
struct clock_state clock_judge(const struct clock_state *prev,
	const struct clock_look *look, const struct clock_limits *limits);

/* An operator has looked at the wall clock and says that it is right. */
struct clock_state clock_confirmed(const struct clock_look *look);

/* Trusted UTC of a state at its look. */
int64_t clock_now_ms(const struct clock_state *s);

#endif
