/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time. The wall clock can be set by anyone who speaks NTP to the host;
 * BOOTTIME can't. So decisions use trusted time: BOOTTIME plus an offset to
 * UTC that the root worker accepted and published, and a wall clock that has
 * wandered from it is a reason to refuse, never a reason to allow.
 */
#ifndef JUMP_BASE_MOMENT_H
#define JUMP_BASE_MOMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MOMENT_TEXT_SIZE    21 /* "2026-11-23T18:00:00Z" and its NUL */
#define MOMENT_STEP_MAX_MS  5000
#define MOMENT_CLOCK_FILE   "/run/jump/clock"
#define MOMENT_HIGHWATER_FILE "/var/lib/jump/state/clock"

/* UTC milliseconds since 1970 of the wall clock, and BOOTTIME in ms. */
int64_t moment_wall_ms(void);
int64_t moment_boot_ms(void);

/*
 * RFC 3339 in UTC, whole seconds, "Z" only: "2026-11-23T18:00:00Z". Years
 * 2000 to 2199. parse: 0 or -EINVAL. Source: RFC 3339 section 5.6.
 */
int moment_parse(const char *text, int64_t *ret_sec);
void moment_format(int64_t sec, char ret_text[MOMENT_TEXT_SIZE]);

/*
 * What the root worker published of the clock: offset_ms is UTC minus
 * BOOTTIME; trusted is false after a step, below the high-water mark, or too
 * long unsynchronised (why is one word: "step", "past", "unsynchronised").
 */
struct moment_clock {
	bool trusted;
	int64_t offset_ms;
	char why[16];
};

/*
 * Reads MOMENT_CLOCK_FILE, and looks itself whether the wall clock has moved
 * more than MOMENT_STEP_MAX_MS from it since. Returns 0; -ENODATA when there
 * is none (nothing published since boot: refuse); another -errno: refuse.
 */
int moment_clock_read(struct moment_clock *ret_clock);

/* The same of another file and owner: for parts that are tried in a folder
 * of their own. */
int moment_clock_read_at(
	const char *path, uid_t owner, struct moment_clock *ret_clock);

/* Trusted UTC now, in seconds resp. ms. Meaningful only while trusted. */
int64_t moment_now_sec(const struct moment_clock *clock);
int64_t moment_now_ms(const struct moment_clock *clock);

#endif
