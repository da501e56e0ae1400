/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump-watch: a timer starts it every two seconds; it looks, publishes, ends
 * what is over, and goes. When something is due before the timer could start
 * it again, it stays for that, so that an end is a matter of milliseconds
 * without anything resident (doc/adr/0003-one-watch.md).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/proc.h"
#include "workers/watch/pass.h"

#define HORIZON_MS  3500 /* two seconds of the timer, and some to start */
#define LEAVE_MS    2500 /* after STAY_MS: gone unless it is that near */
#define STAY_MS	    20000
#define STAY_MAX_MS 60000 /* the unit's timeout is above */
#define STEP_MAX_MS 1000  /* health must not get old meanwhile */

static void sleep_until(int64_t boot_ms)
{
	const struct timespec t = {
		.tv_sec = boot_ms / 1000, .tv_nsec = boot_ms % 1000 * 1000000};

	(void)clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &t, NULL);
}

static bool may_leave(int64_t start_ms, int64_t now_ms, int64_t next_ms)
{
	int64_t stayed_ms = now_ms - start_ms;

	if (stayed_ms >= STAY_MAX_MS)
		return true;
	return next_ms - now_ms >=
	       (stayed_ms >= STAY_MS ? LEAVE_MS : HORIZON_MS);
}

static int watch_run(struct watch *w)
{
	const int64_t start_ms = moment_boot_ms();
	int last = 0;

	for (;;) {
		int64_t next_ms = INT64_MAX, now_ms;
		int r = watch_pass(w, &next_ms);

		if (r < 0 && r != last)
			fprintf(stderr, "jump-watch: %s\n", strerror(-r));
		last = r;
		now_ms = moment_boot_ms();
		if (may_leave(start_ms, now_ms, next_ms))
			return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
		sleep_until(next_ms - now_ms > STEP_MAX_MS
				    ? now_ms + STEP_MAX_MS
			    : next_ms > now_ms ? next_ms
					       : now_ms + 20);
	}
}

int main(void)
{
	struct watch w;
	int r = proc_harden(0, NULL);

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
