/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/relay/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/moment.h"
#include "base/proc.h"
#include "workers/relay/connection.h"
#include "workers/relay/events.h"
#include "workers/relay/record.h"
#include "workers/relay/refusal.h"

#define TICK_MS	    2000
#define SHORTAGE_MS 50 /* out of descriptors or processes: breathe */

struct server {
	const int *listeners;
	size_t count;
	int signals;
	int64_t last_ms; /* somebody was there */
	int64_t tick_ms;
	bool stop; /* SIGTERM says to go */
	struct crowd crowd;
	struct tally refusals;
};

static void adopt(void *context, const struct record_life *life)
{
	struct server *s = context;
	const struct crowd_member m = {
		.pid = life->pid,
		.start = life->start,
		.uid = life->uid,
		.session = life->session,
	};

	for (size_t i = 0; i < s->crowd.count; i++) {
		if (s->crowd.member[i].pid == m.pid)
			return;
	}
	(void)crowd_add(&s->crowd, &m);
}

static void bury(void *context, const char *conn, const struct keyfile *k)
{
	(void)context;
	event_lost(conn, k);
}

static void sweep(struct server *s)
{
	const struct record_sweeper sweeper = {adopt, bury, s};

	(void)record_sweep(RELAY_CONNECTIONS_DIR, &sweeper);
	record_closed_sweep(RELAY_CLOSED_DIR);
}

/* Counts of what was refused and not told; all: nobody will come later. */
static void tell_held(struct server *s, bool all)
{
	int64_t now_ms = moment_boot_ms();
	struct tally_row row;

	while (tally_take(&s->refusals, all, now_ms, &row))
		event_held(&row, now_ms);
}

/* A knock that gets no process. Whose session it is, is not looked up for
 * each of a flood. */
static void turn_away(struct server *s, int fd, struct identity *who,
	const char *reason, const char *why)
{
	int64_t now_ms = moment_boot_ms();
	bool told = tally_tells(&s->refusals, who->uid, reason, now_ms);
	const struct tally_who of = {
		who->uid, who->session.user, who->session.uuid};

	if (told) {
		identity_take(fd, NULL, who);
		event_turned_away(who, reason, why);
	}
	tally_add(&s->refusals, &of, reason, told, now_ms);
	connection_turn_away(fd, who, reason);
}

/* What a process said of itself in its last word. */
static void note_refusal(
	struct server *s, const struct crowd_member *m, int status)
{
	const struct tally_who of = {m->uid, m->user, m->uuid};
	bool told = false;
	const char *reason =
		WIFEXITED(status)
			? refusal_of_status(WEXITSTATUS(status), &told)
			: NULL;

	if (reason)
		tally_add(&s->refusals, &of, reason, told, moment_boot_ms());
}

static bool ended_well(int status)
{
	bool told;

	return WIFEXITED(status) &&
	       (WEXITSTATUS(status) == 0 ||
		       refusal_of_status(WEXITSTATUS(status), &told));
}

static void start(struct server *s, int fd, struct identity *who)
{
	struct crowd_count others =
		crowd_with(&s->crowd, who->uid, who->session.cgroup_id);
	struct crowd_member m = {
		.uid = who->uid, .session = who->session.cgroup_id};
	int r;

	if (crowd_full(&others)) {
		turn_away(s, fd, who, "limit",
			others.all > CROWD_MAX ? "all processes are taken"
					       : "too many processes of one");
		return;
	}
	memcpy(m.user, who->session.user, sizeof(m.user));
	memcpy(m.uuid, who->session.uuid, sizeof(m.uuid));
	others.listener = getpid();
	m.pid = fork();
	if (m.pid < 0) {
		turn_away(s, fd, who, "error", "no process to be had");
		(void)poll(NULL, 0, SHORTAGE_MS);
		return;
	}
	if (m.pid == 0) {
		for (size_t i = 0; i < s->count; i++)
			(void)close(s->listeners[i]);
		(void)close(s->signals);
		r = connection_serve(fd, who, &others, &s->refusals);
		(void)close(fd);
		_exit(r);
	}
	(void)crowd_add(&s->crowd, &m);
}

/* A child that says nothing of how it ended leaves a record to be buried. */
static void reap(struct server *s)
{
	struct crowd_member m;
	bool lost = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (crowd_remove(&s->crowd, pid, &m))
			note_refusal(s, &m, status);
		lost = lost || !ended_well(status);
		s->last_ms = moment_boot_ms();
	}
	if (lost)
		sweep(s);
}

/* Adopted ones are nobody's children: look whether they are still there. */
static void visit_adopted(struct server *s)
{
	bool lost = false;

	for (size_t i = s->crowd.count; i-- > 0;) {
		const struct crowd_member m = s->crowd.member[i];
		struct crowd_member gone;
		unsigned long long start_now;

		if (m.start == 0)
			continue;
		if (proc_start_time(m.pid, &start_now) == 0 &&
			start_now == m.start)
			continue;
		(void)crowd_remove(&s->crowd, m.pid, &gone);
		s->last_ms = moment_boot_ms();
		lost = true;
	}
	if (lost)
		sweep(s);
}

static void take_signals(struct server *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		s->stop = s->stop || info.ssi_signo == SIGTERM;
		if (info.ssi_signo == (uint32_t)CROWD_OVER_SIGNAL)
			(void)crowd_over(&s->crowd, (pid_t)info.ssi_pid);
	}
	reap(s);
}

static void answer(struct server *s, int listener)
{
	_cleanup_close_ int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	struct identity who;

	if (fd < 0) {
		if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
			(void)poll(NULL, 0, SHORTAGE_MS);
		return;
	}
	identity_ask(fd, &who);
	s->last_ms = moment_boot_ms();
	take_signals(s); /* who is over makes room for who comes */
	if (!crowd_may_knock(&s->crowd, who.uid, s->last_ms)) {
		turn_away(s, fd, &who, "pace", "too many in a second");
		return;
	}
	identity_take(fd, NULL, &who);
	start(s, fd, &who);
}

static void tick(struct server *s)
{
	int64_t now_ms = moment_boot_ms();

	if (now_ms - s->tick_ms < TICK_MS)
		return;
	s->tick_ms = now_ms;
	tell_held(s, false);
	visit_adopted(s);
	record_closed_sweep(RELAY_CLOSED_DIR);
}

static int prepare(struct server *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, CROWD_OVER_SIGNAL);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -errno;
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signals < 0)
		return -errno;
	for (size_t i = 0; i < s->count; i++) {
		int flags = fcntl(s->listeners[i], F_GETFL);

		if (flags < 0 ||
			fcntl(s->listeners[i], F_SETFL, flags | O_NONBLOCK) < 0)
			return -errno;
	}
	s->last_ms = s->tick_ms = moment_boot_ms();
	return 0;
}

static bool idle(const struct server *s)
{
	return s->crowd.count == 0 && !tally_holds(&s->refusals) &&
	       moment_boot_ms() - s->last_ms >= SERVE_IDLE_MS;
}

int serve(const int *listeners, size_t count)
{
	static struct server s; /* a table too large for a stack */
	struct pollfd fds[SERVE_LISTENERS_MAX + 1];
	int r;

	if (count == 0 || count > SERVE_LISTENERS_MAX)
		return -EINVAL;
	s = (struct server){.listeners = listeners, .count = count};
	r = prepare(&s);
	if (r < 0)
		return r;
	sweep(&s);
	while (!s.stop && !idle(&s)) {
		for (size_t i = 0; i < count; i++)
			fds[i] = (struct pollfd){listeners[i], POLLIN, 0};
		fds[count] = (struct pollfd){s.signals, POLLIN, 0};
		if (poll(fds, count + 1, TICK_MS) < 0 && errno != EINTR)
			return -errno;
		for (size_t i = 0; i < count; i++) {
			if (fds[i].revents & POLLIN)
				answer(&s, listeners[i]);
		}
		if (fds[count].revents)
			take_signals(&s);
		tick(&s);
	}
	reap(&s);
	tell_held(&s, true);
	return 0;
}
