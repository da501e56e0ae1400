/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ends what is over, in the order that leaves the best evidence: an event,
 * SIGTERM (so that sshd's monitor closes the PAM session and the relay says
 * what went through), and shortly after it what no process can refuse.
 */
#include "workers/watch/enforce.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "workers/watch/report.h"
#include "workers/watch/strike.h"

#define NAP_MS 10

static void nap(void)
{
	const struct timespec t = {.tv_nsec = NAP_MS * 1000000L};

	(void)nanosleep(&t, NULL);
}

int enforce_lock(const char *path, int wait_ms)
{
	_cleanup_close_ int fd =
		open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	const int64_t end_ms = moment_boot_ms() + wait_ms;

	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK || moment_boot_ms() >= end_ms)
			return -1;
		nap();
	}
	return TAKE_FD(fd);
}

static bool session_there(const struct cases *c, const struct session_case *s)
{
	return strike_cgroup_there(c->places->sessions.cgroups,
		s->record.cgroup, s->record.cgroup_id);
}

static size_t ask_to_end(struct cases *c, const char *by)
{
	size_t asked = 0;

	for (size_t i = 0; i < c->connection_count; i++) {
		const struct connection_case *one = &c->connections[i];

		if (one->fate != FATE_ENDS)
			continue;
		report_connection_cut(one, by);
		(void)strike_signal(one->pidfd, SIGTERM);
		asked++;
	}
	for (size_t i = 0; i < c->session_count; i++) {
		const struct session_case *s = &c->sessions[i];

		if (s->fate != FATE_ENDS)
			continue;
		if (!s->by_operator)
			report_session_cut(s, by);
		if (s->pidfd >= 0)
			(void)strike_signal(s->pidfd, SIGTERM);
		asked++;
	}
	for (size_t i = 0; i < c->orphan_count; i++, asked++)
		report_orphan_cut(&c->orphans[i], by);
	return asked;
}

/* A cgroup of a session outlives its monitor by what ignores signals. */
static bool all_ended(const struct cases *c)
{
	for (size_t i = 0; i < c->connection_count; i++) {
		if (c->connections[i].fate == FATE_ENDS &&
			strike_alive(c->connections[i].pidfd))
			return false;
	}
	for (size_t i = 0; i < c->session_count; i++) {
		const struct session_case *s = &c->sessions[i];

		if (s->fate == FATE_ENDS &&
			(strike_alive(s->pidfd) ||
				strike_cgroup_peopled(
					c->places->sessions.cgroups,
					s->record.cgroup, s->record.cgroup_id)))
			return false;
	}
	for (size_t i = 0; i < c->orphan_count; i++) {
		if (strike_cgroup_peopled(c->places->sessions.cgroups,
			    c->orphans[i].scope.cgroup,
			    c->orphans[i].scope.inode))
			return false;
	}
	return true;
}

static bool await_end(const struct cases *c, int wait_ms)
{
	const int64_t end_ms = moment_boot_ms() + wait_ms;

	while (!all_ended(c)) {
		if (moment_boot_ms() >= end_ms)
			return false;
		nap();
	}
	return true;
}

static int keep_first(int kept, int r)
{
	return kept < 0 || r == -ENOENT || r == -ESRCH || r == -ENODEV ? kept
								       : r;
}

static int make_end(struct cases *c)
{
	const char *root = c->places->sessions.cgroups;
	int r = 0;

	for (size_t i = 0; i < c->connection_count; i++) {
		const struct connection_case *one = &c->connections[i];

		if (one->fate == FATE_ENDS && one->pidfd >= 0)
			r = keep_first(r, strike_signal(one->pidfd, SIGKILL));
	}
	for (size_t i = 0; i < c->session_count; i++) {
		const struct session_case *s = &c->sessions[i];

		if (s->fate != FATE_ENDS)
			continue;
		r = keep_first(r, strike_cgroup(root, s->record.cgroup,
					  s->record.cgroup_id));
		if (s->pidfd >= 0)
			r = keep_first(r, strike_signal(s->pidfd, SIGKILL));
	}
	return r;
}

static int end_orphans(struct cases *c)
{
	int r = 0;

	for (size_t i = 0; i < c->orphan_count; i++)
		r = keep_first(r, strike_cgroup(c->places->sessions.cgroups,
					  c->orphans[i].scope.cgroup,
					  c->orphans[i].scope.inode));
	return r;
}

/* The record that still says what it said is nobody else's to close. */
static int close_session(
	const struct cases *c, const struct session_case *s, const char *by)
{
	_cleanup_close_ int dir = open(c->places->sessions.records,
		O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct session_record now;

	if (dir < 0)
		return -errno;
	if (session_there(c, s) && strike_alive(s->pidfd))
		return -EBUSY;
	if (session_read(&c->places->sessions, s->record.scope, &now) < 0 ||
		strcmp(now.uuid, s->record.uuid) != 0)
		return 0; /* PAM has closed it */
	report_session_end(
		s, s->by_operator ? "operator" : by, c->now_ms / 1000);
	return unlinkat(dir, s->record.scope, 0) < 0 ? -errno : 0;
}

static int close_connection(const struct cases *c,
	const struct connection_case *one, const char *by)
{
	_cleanup_close_ int dir = open(
		c->places->connections, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct connection_record now;

	if (dir < 0)
		return -errno;
	if (strike_alive(one->pidfd))
		return -EBUSY;
	if (connection_read(dir, one->record.conn, c->relay_uid, &now) < 0)
		return 0; /* the relay has said how it ended */
	report_connection_end(one, by, c->now_ms / 1000);
	return unlinkat(dir, one->record.conn, 0) < 0 ? -errno : 0;
}

static int close_records(const struct cases *c, const char *by)
{
	int r = 0;

	for (size_t i = 0; i < c->connection_count; i++) {
		if (c->connections[i].fate != FATE_STAYS)
			r = keep_first(
				r, close_connection(c, &c->connections[i], by));
	}
	for (size_t i = 0; i < c->session_count; i++) {
		if (c->sessions[i].fate != FATE_STAYS)
			r = keep_first(
				r, close_session(c, &c->sessions[i], by));
	}
	return r;
}

/* A request outlives its session only by one round. */
static void drop_requests(const struct cases *c)
{
	_cleanup_closedir_ DIR *dir = opendir(c->places->ends);

	for (const struct dirent *e; dir && (e = readdir(dir));) {
		bool wanted = e->d_name[0] == '.';

		for (size_t i = 0; !wanted && i < c->session_count; i++)
			wanted = c->sessions[i].fate == FATE_STAYS &&
				 strcmp(c->sessions[i].record.uuid,
					 e->d_name) == 0;
		if (!wanted)
			(void)unlinkat(dirfd(dir), e->d_name, 0);
	}
}

static int carry_out(struct cases *c, const char *by)
{
	int r = 0, q;

	if (ask_to_end(c, by) > 0) {
		r = end_orphans(c);
		if (!await_end(c, ENFORCE_TERM_MS)) {
			q = make_end(c);
			r = keep_first(r, q);
			if (!await_end(c, ENFORCE_KILL_MS))
				r = keep_first(r, -EBUSY);
		}
	}
	q = close_records(c, by);
	drop_requests(c);
	return keep_first(r, q);
}

static int gather(struct enforcer *e, const struct moment_clock *clock,
	struct cases *ret_cases)
{
	int64_t boot_ms = moment_boot_ms();

	return cases_gather(e->places,
		boot_ms + clock->offset_ms - ENFORCE_BEHIND_MS, boot_ms,
		ret_cases);
}

size_t enforce_pending(struct enforcer *e, const struct moment_clock *clock)
{
	_cleanup_cases_ struct cases c = {0};
	size_t pending = 0;

	if (gather(e, clock, &c) < 0)
		return 0;
	(void)cases_judge(&c, &e->seen);
	for (size_t i = 0; i < c.connection_count; i++)
		pending += c.connections[i].fate == FATE_ENDS;
	for (size_t i = 0; i < c.session_count; i++)
		pending += c.sessions[i].fate == FATE_ENDS;
	return pending;
}

int enforce_round(struct enforcer *e, const struct moment_clock *clock,
	int64_t *ret_next_boot_ms)
{
	_cleanup_cases_ struct cases c = {0};
	int r = gather(e, clock, &c), judged, done;

	*ret_next_boot_ms = INT64_MAX;
	if (r < 0)
		return r;
	judged = cases_judge(&c, &e->seen);
	done = carry_out(&c, e->by);
	*ret_next_boot_ms = c.next_boot_ms;
	return judged < 0 ? judged : done;
}
