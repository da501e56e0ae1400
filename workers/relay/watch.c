/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/relay/watch.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>

#include "base/cleanup.h"
#include "workers/peer/live.h"
#include "workers/relay/record.h"

/* Rights that can't be read for so long can't be obeyed: then cut. */
#define UNREAD_MAX_MS 2000

static void read_generation(char ret[64])
{
	ssize_t n = readlink(RIGHTS_CURRENT, ret, 63);

	ret[n > 0 ? n : 0] = '\0';
}

static void watch_files(struct watch *w, const struct connection *c)
{
	char live[128];

	w->news = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->news < 0)
		return; /* a user has only so many: the tick does it */
	(void)inotify_add_watch(w->news, RIGHTS_DIR, IN_MOVED_TO | IN_CREATE);
	if (c->live_fd >= 0) {
		snprintf(live, sizeof(live), LIVE_DIR "/%s", c->conn);
		(void)inotify_add_watch(w->news, live,
			IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF);
	}
}

int watch_init(struct watch *w, const struct connection *c)
{
	sigset_t term;

	*w = (struct watch){.news = -1, .orders = -1};
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	w->orders = signalfd(-1, &term, SFD_CLOEXEC | SFD_NONBLOCK);
	if (w->orders < 0)
		return -errno;
	watch_files(w, c);
	/* No generation is noted yet: the first look asks the rights again,
	 * for what was published between the decision and the watch. */
	w->next_look_ms = moment_boot_ms();
	return 0;
}

void watch_done(struct watch *w)
{
	cleanup_close(&w->news);
	cleanup_close(&w->orders);
}

int watch_wait_ms(const struct watch *w, const struct connection *c)
{
	int64_t until_ms = w->next_look_ms, left_ms;

	if (c->term.end_ms < until_ms)
		until_ms = c->term.end_ms;
	left_ms = until_ms - moment_boot_ms();
	if (left_ms < 0)
		return 0;
	return left_ms > WATCH_TICK_MS ? WATCH_TICK_MS : (int)left_ms;
}

static bool cut(struct connection *c, const char *reason, const char *by)
{
	c->reason = reason;
	c->by = by;
	return true;
}

static bool had_news(struct watch *w)
{
	char events[4096];
	bool any = false;

	while (w->news >= 0 && read(w->news, events, sizeof(events)) > 0)
		any = true;
	return any;
}

/* True when the rights of now say no. */
static bool ask_again(struct watch *w, struct connection *c)
{
	const struct identity *who = c->who;
	const struct ask ask = {
		.channel = who->channel,
		.session = &who->session,
		.at = who->target,
		.target = c->permit.target,
		.proto = c->permit.proto,
		.recording = c->live_fd >= 0,
	};
	_cleanup_rights_ struct rights *rights = NULL;
	struct moment_clock clock;
	struct permit permit;

	/* A clock in doubt stops nothing that runs: the last good one goes
	 * on by BOOTTIME. */
	if (moment_clock_read(&clock) == 0 && clock.trusted)
		c->clock = clock;
	if (rights_open(RIGHTS_DB, 0, &rights) < 0) {
		if (w->unread_ms == 0)
			w->unread_ms = moment_boot_ms();
		return false;
	}
	permit = permit_from_rights(rights, &ask, moment_now_sec(&c->clock));
	if (strcmp(permit.reason, "error") == 0) {
		if (w->unread_ms == 0)
			w->unread_ms = moment_boot_ms();
		return false;
	}
	w->unread_ms = 0;
	term_renew(&c->term, &permit, &c->clock, moment_boot_ms());
	if (!permit.allow)
		return true;
	if (permit.until != c->permit.until ||
		strcmp(permit.grant, c->permit.grant) != 0) {
		c->permit = permit;
		(void)record_update(RELAY_CONNECTIONS_DIR, c);
	}
	return false;
}

static bool session_lives(const struct connection *c)
{
	const struct session_record *s = &c->who->session;
	struct session_record now;

	return session_read(&session_places_host, s->scope, &now) == 0 &&
	       strcmp(now.uuid, s->uuid) == 0 && now.uid == s->uid;
}

/*
 * What it depends on beside its rights. NULL, or the reason to cut. What was
 * ended because the rights were is gone for that reason.
 */
static const char *lost(struct watch *w, struct connection *c)
{
	const char *what = NULL;

	if (c->live_fd >= 0 && !live_held(c->live_fd))
		what = "recorder";
	else if (!session_lives(c))
		what = "peer";
	if (!what)
		return NULL;
	return ask_again(w, c) ? c->term.reason : what;
}

static bool look(struct watch *w, struct connection *c)
{
	char generation[sizeof(w->generation)];
	const char *reason = lost(w, c);

	if (reason)
		return cut(c, reason, "relay");
	read_generation(generation);
	if (strcmp(generation, w->generation) != 0 || w->unread_ms) {
		memcpy(w->generation, generation, sizeof(generation));
		(void)ask_again(w, c);
	}
	if (w->unread_ms && moment_boot_ms() - w->unread_ms > UNREAD_MAX_MS)
		return cut(c, "error", "relay");
	return false;
}

/* The root worker does not say why; what it saw is there to be seen. */
static bool ordered(struct watch *w, struct connection *c)
{
	struct signalfd_siginfo order;
	const char *reason;

	if (read(w->orders, &order, sizeof(order)) != sizeof(order))
		return false;
	reason = lost(w, c);
	if (!reason && moment_boot_ms() < c->term.end_ms)
		(void)ask_again(w, c);
	if (!reason)
		reason = moment_boot_ms() < c->term.end_ms ? "revoked"
							   : c->term.reason;
	return cut(c, reason, "watch");
}

/* At the end, once more: another grant may go on where this one stops. */
static bool over(struct watch *w, struct connection *c)
{
	if (moment_boot_ms() < c->term.end_ms)
		return false;
	(void)ask_again(w, c);
	if (moment_boot_ms() < c->term.end_ms)
		return false;
	return cut(c, c->term.reason, "relay");
}

bool watch_cuts(struct watch *w, struct connection *c)
{
	int64_t now_ms = moment_boot_ms();

	if (ordered(w, c))
		return true;
	if (had_news(w) || now_ms >= w->next_look_ms) {
		w->next_look_ms = now_ms + WATCH_TICK_MS;
		if (look(w, c))
			return true;
	}
	return over(w, c);
}
