/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump-watch: looks every second, publishes, ends what is over; after a
 * minute it goes, and its timer starts it again. What is due at the time is
 * done first, so that an end is a matter of milliseconds
 * (doc/adr/0004-one-watch.md).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/proc.h"
#include "workers/watch/notify.h"
#include "workers/watch/pass.h"

#define STEP_MS	    1000
#define STAY_MS	    60000
#define STAY_MAX_MS 75000 /* the unit's timeout is above */
#define HORIZON_MS  2500  /* the timer's second, and some to start */

static bool may_leave(int64_t start_ms, int64_t now_ms, int64_t next_ms)
{
	int64_t stayed_ms = now_ms - start_ms;

	return stayed_ms >= STAY_MAX_MS ||
	       (stayed_ms >= STAY_MS && next_ms - now_ms >= HORIZON_MS);
}

/* A second at most, less when something is due, and never a busy loop. */
static int64_t wake_at(int64_t now_ms, int64_t next_ms)
{
	if (next_ms - now_ms > STEP_MS)
		return now_ms + STEP_MS;
	return next_ms > now_ms + 20 ? next_ms : now_ms + 20;
}

static int watch_run(struct watch *w)
{
	const int64_t start_ms = moment_boot_ms();
	int last = 0;

	for (;;) {
		int64_t next_ms = INT64_MAX, now_ms;
		int r;

		r = watch_pass(w, &next_ms);
		/* Without these it is stuck, and systemd replaces it. */
		notify("READY=1\nWATCHDOG=1");
		if (r < 0 && r != last)
			fprintf(stderr, "jump-watch: %s\n", strerror(-r));
		last = r;
		now_ms = moment_boot_ms();
		if (may_leave(start_ms, now_ms, next_ms))
			return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
		watch_sleep(w, wake_at(now_ms, next_ms));
	}
}

int main(void)
{
	static const char *const keep[] = {NOTIFY_VARIABLE, NULL};
	static struct watch w;
	int r = proc_harden(0, keep);

	if (r == 0)
		r = watch_open(&w);
	if (r < 0) {
		fprintf(stderr, "jump-watch: %s\n", strerror(-r));
		return EXIT_FAILURE;
	}
	r = watch_run(&w);
	watch_done(&w);
	return r;
}
