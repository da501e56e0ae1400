/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/watch/pass.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "audit/event.h"
#include "base/cleanup.h"
#include "workers/watch/look.h"

#define LOCK_WAIT_MS 700
#define TELL_TRIES   50
#define INBOX_DIR    "/var/lib/jump/inbox"
#define APPLY_LOCK   "/run/jump/apply.lock"
#define NEWS_MS	     150 /* the path unit's head start */

void watch_done(struct watch *w)
{
	cleanup_close(&w->inbox_news);
	cleanup_close(&w->clock.run_fd);
	cleanup_close(&w->clock.state_fd);
}

int watch_open(struct watch *ret_watch)
{
	struct watch w = {
		.clock = {.run_fd = -1, .state_fd = -1, .owner = 0},
		.enforcer = {.places = &enforce_places_host, .by = "deadline"},
		.recordings = LOOK_RECORDINGS,
		.recorder = LOOK_RECORDER,
		.lock = ENFORCE_LOCK,
		.inbox_news = inotify_init1(IN_CLOEXEC | IN_NONBLOCK),
	};

	w.clock.run_fd =
		open(WATCH_RUN_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	w.clock.state_fd =
		open(WATCH_STATE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	w.wake = (struct wake){.run_fd = w.clock.run_fd,
		.inbox = WAKE_INBOX,
		.lock = APPLY_LOCK,
		.start = wake_start_host};
	/* Where this fails, the look of each second finds it. */
	(void)inotify_add_watch(
		w.inbox_news, INBOX_DIR, IN_MOVED_TO | IN_CLOSE_WRITE);
	if (w.clock.run_fd < 0 || w.clock.state_fd < 0) {
		int r = -errno;

		watch_done(&w);
		return r;
	}
	*ret_watch = w;
	return 0;
}

static bool came_into_inbox(const struct watch *w)
{
	char events[4096];
	bool any = false;

	while (w->inbox_news >= 0 &&
		read(w->inbox_news, events, sizeof(events)) > 0)
		any = true;
	return any;
}

void watch_sleep(struct watch *w, int64_t boot_ms)
{
	for (;;) {
		struct pollfd p = {.fd = w->inbox_news, .events = POLLIN};
		int64_t now_ms = moment_boot_ms(), soon_ms;

		if (now_ms >= boot_ms)
			return;
		if (poll(&p, 1, (int)(boot_ms - now_ms)) <= 0 ||
			!came_into_inbox(w))
			continue;
		soon_ms = moment_boot_ms() + NEWS_MS;
		if (soon_ms < boot_ms)
			boot_ms = soon_ms;
	}
}

/* Before anything is published, and with no policy yet: the defaults. */
static struct settings settings_now(const struct watch *w)
{
	_cleanup_rights_ struct rights *rights = NULL;
	struct settings s = {
		.clock_unsynced_max_sec = 3600,
		.disk_reserve_mib = 512,
	};

	if (rights_open(w->enforcer.places->rights, w->clock.owner, &rights) ==
		0)
		s = rights_info(rights)->settings;
	return s;
}

static void tell_clock(const struct clock_state *prev,
	const struct clock_state *now, bool by_operator)
{
	struct event e = {.outcome = OUTCOME_SUCCESS};

	if (now->trusted) {
		/* The operator's own command has told of it. */
		if (!prev || prev->trusted || by_operator)
			return;
		e.id = EVENT_CLOCK_TRUSTED;
		e.reason = "synchronised";
	} else {
		if (prev && !prev->trusted && !strcmp(prev->why, now->why))
			return;
		e.id = EVENT_CLOCK_DOUBT;
		e.outcome = OUTCOME_FAILURE;
		e.reason = now->why;
	}
	(void)event_emit(&e);
}

/* The judgement of now; `force` says that the mark is to follow it. */
static struct clock_state judge_clock(const struct watch *w,
	const struct clock_state *prev, const struct settings *settings,
	bool *ret_confirmed)
{
	const struct clock_look look = clock_look_now();
	struct clock_limits limits = {
		.unsynced_max_ms =
			(int64_t)settings->clock_unsynced_max_sec * 1000,
	};
	struct clock_state s;
	int mark;

	*ret_confirmed = confirm_take(&w->clock, &look) == 1;
	if (*ret_confirmed)
		return clock_confirmed(&look);
	mark = highwater_read(&w->clock, &limits.highwater_ms);
	s = clock_judge(prev, &look, &limits);
	if (mark < 0) { /* a mark that can't be read may be ahead of us */
		s.trusted = false;
		s.doubt_boot_ms = s.boot_ms;
		snprintf(s.why, sizeof(s.why), "mark");
	}
	return s;
}

static int raise_mark(
	const struct watch *w, const struct clock_state *s, bool confirmed)
{
	int64_t mark_ms = 0;
	int r = highwater_read(&w->clock, &mark_ms);

	if (!s->trusted)
		return 0;
	/* The operator's word may also lower it, or mend it. */
	if (confirmed)
		return highwater_raise(&w->clock, 0, clock_now_ms(s), true);
	if (r < 0)
		return r;
	return highwater_raise(&w->clock, mark_ms, clock_now_ms(s), false);
}

static int pass_clock(const struct watch *w, const struct settings *settings,
	struct clock_state *ret_state)
{
	struct clock_state prev, now;
	bool confirmed = false;
	bool known = clockfile_read(&w->clock, &prev) == 0;
	int r, q;

	now = judge_clock(w, known ? &prev : NULL, settings, &confirmed);
	tell_clock(known ? &prev : NULL, &now, confirmed);
	r = raise_mark(w, &now, confirmed);
	q = clockfile_write(&w->clock, &now);
	*ret_state = now;
	return q < 0 ? q : r;
}

static void tell_health(const char *part, const char *word, bool well)
{
	const struct timespec nap = {.tv_nsec = 20000000};
	char reason[64];
	struct event e = {.id = well ? EVENT_HEALTH_GOOD : EVENT_HEALTH_BAD,
		.outcome = well ? OUTCOME_SUCCESS : OUTCOME_FAILURE,
		.reason = reason};

	snprintf(reason, sizeof(reason), "%s_%s", part, word);
	/* It goes to the journal alone, which may be busy: told once only. */
	for (int i = 0; i < TELL_TRIES && event_emit(&e) == -EAGAIN; i++)
		(void)nanosleep(&nap, NULL);
}

static int pass_health(const struct watch *w, const struct settings *settings,
	const struct clock_state *clock)
{
	const struct audit_look audit = look_audit();
	struct lost_memory memory = {0};
	struct health prev, now = {.boot_ms = clock->boot_ms};
	bool known = health_remember(w->clock.run_fd, w->clock.owner, &prev,
			     &memory) == 0;

	look_words(&audit, now.boot_ms, &memory, &now);
	snprintf(now.clock, sizeof(now.clock), "%s",
		clock->trusted ? "ok" : clock->why);
	snprintf(now.disk, sizeof(now.disk), "%s",
		look_disk(w->recordings, settings->disk_reserve_mib));
	snprintf(now.recorder, sizeof(now.recorder), "%s",
		look_recorder(w->recorder));
	health_compare(known ? &prev : NULL, &now, tell_health);
	return health_write(w->clock.run_fd, &now, &memory);
}

static int pass_enforce(struct watch *w, const struct clock_state *state,
	int64_t *ret_next_boot_ms)
{
	const struct moment_clock clock = {
		.trusted = state->trusted, .offset_ms = state->offset_ms};
	_cleanup_close_ int lock = enforce_lock(w->lock, LOCK_WAIT_MS);

	return enforce_round(&w->enforcer, &clock, ret_next_boot_ms);
}

int watch_pass(struct watch *w, int64_t *ret_next_boot_ms)
{
	const struct settings settings = settings_now(w);
	struct clock_state clock;
	int64_t end_ms = INT64_MAX, open_ms = INT64_MAX;
	int r = pass_clock(w, &settings, &clock);
	int q = pass_health(w, &settings, &clock);
	int p = pass_enforce(w, &clock, &end_ms);
	int o = wake_apply_when_due(
		&w->wake, clock_now_ms(&clock), clock.boot_ms, &open_ms);

	*ret_next_boot_ms = end_ms < open_ms ? end_ms : open_ms;
	return r < 0 ? r : q < 0 ? q : p < 0 ? p : o;
}
