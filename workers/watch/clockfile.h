/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clock's state on disk: what is published to the gates (and is the
 * worker's own memory until the next boot), the durable high-water mark, and
 * an operator's confirmation on its way in.
 */
#ifndef JUMP_WORKERS_WATCH_CLOCKFILE_H
#define JUMP_WORKERS_WATCH_CLOCKFILE_H

#include <sys/types.h>

#include "workers/watch/clock.h"

#define CLOCK_CONFIRM_FILE	"clock.confirm" /* in /run/jump */
#define CLOCK_HIGHWATER_STEP_MS 60000

/* Folders by descriptor, so that tests have their own. */
struct clock_places {
	int run_fd;   /* /run/jump */
	int state_fd; /* /var/lib/jump/state */
	uid_t owner;
};

/* -ENOENT: none since boot; another -errno: not to be believed. */
int clockfile_read(const struct clock_places *p, struct clock_state *ret_state);
int clockfile_write(const struct clock_places *p, const struct clock_state *s);

/*
 * The mark: the highest trusted UTC known, 0 when there is no file yet. Any
 * other fault is an error and means doubt, not "no mark".
 */
int highwater_read(const struct clock_places *p, int64_t *ret_utc_ms);

/* Writes it durably when it moved by a minute, or always with `force`. */
int highwater_raise(const struct clock_places *p, int64_t old_ms,
	int64_t now_ms, bool force);

/*
 * Takes an operator's confirmation away, if one lies there, and says whether
 * it is about the clock as it is now: written less than a minute ago, and
 * the wall clock has not stepped since. 1: confirmed; 0: no; -errno.
 */
int confirm_take(const struct clock_places *p, const struct clock_look *look);

/* One look at both clocks and at the kernel's own opinion. */
struct clock_look clock_look_now(void);

#endif
