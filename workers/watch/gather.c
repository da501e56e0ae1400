/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads what there is: sessions, connections, scopes.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "workers/watch/cases.h"
#include "workers/watch/strike.h"

const struct enforce_places enforce_places_host = {
	.sessions = {.records = SESSION_DIR,
		.cgroups = SESSION_CGROUP_ROOT,
		.owner = 0},
	.connections = CONNECTION_DIR,
	.rights = RIGHTS_DB,
	.ends = "/run/jump/ends",
	.owner = 0,
};

void cases_done(struct cases *c)
{
	for (size_t i = 0; i < c->session_count; i++)
		cleanup_close(&c->sessions[i].pidfd);
	for (size_t i = 0; i < c->connection_count; i++)
		cleanup_close(&c->connections[i].pidfd);
	free(c->sessions);
	free(c->connections);
	free(c->orphans);
	memset(c, 0, sizeof(*c));
}

/* Room for one more of an array that grows by doubling. */
static int make_room(void **array, size_t count, size_t size)
{
	void *grown;

	if (count > 0 && (count & (count - 1)) != 0)
		return 0;
	grown = reallocarray(*array, count ? 2 * count : 1, size);
	if (!grown)
		return -ENOMEM;
	*array = grown;
	return 0;
}

static int add_session(struct cases *c, const char *name)
{
	struct session_case one = {.pidfd = -1};
	int r = session_read(&c->places->sessions, name, &one.record);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = make_room((void **)&c->sessions, c->session_count, sizeof(one));
	if (r < 0)
		return r;
	one.pidfd = strike_open(
		one.record.monitor, one.record.monitor_start, STRIKE_ANY_UID);
	if (one.pidfd < 0)
		one.pidfd = -1;
	c->sessions[c->session_count++] = one;
	return 0;
}

static int add_connection(struct cases *c, int dirfd, const char *name)
{
	struct connection_case one = {.pidfd = -1};
	int r = connection_read(dirfd, name, c->relay_uid, &one.record);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = make_room(
		(void **)&c->connections, c->connection_count, sizeof(one));
	if (r < 0)
		return r;
	one.pidfd =
		strike_open(one.record.pid, one.record.pid_start, c->relay_uid);
	if (one.pidfd < 0)
		one.pidfd = -1;
	c->connections[c->connection_count++] = one;
	return 0;
}

static int gather_sessions(struct cases *c)
{
	_cleanup_closedir_ DIR *dir = opendir(c->places->sessions.records);
	int r = 0;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	for (const struct dirent *e; r == 0 && (e = readdir(dir));) {
		if (e->d_name[0] == '.')
			continue;
		if (c->session_count == SESSION_SCAN_MAX)
			return -E2BIG;
		r = add_session(c, e->d_name);
	}
	return r;
}

static int gather_connections(struct cases *c)
{
	_cleanup_closedir_ DIR *dir = opendir(c->places->connections);
	struct stat st;
	int r = 0;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(dirfd(dir), &st) < 0)
		return -errno;
	c->relay_uid = st.st_uid;
	for (const struct dirent *e; r == 0 && (e = readdir(dir));) {
		if (e->d_name[0] == '.')
			continue;
		if (c->connection_count == CONNECTION_SCAN_MAX)
			return -E2BIG;
		r = add_connection(c, dirfd(dir), e->d_name);
	}
	return r;
}

static const struct session_case *session_of(
	const struct cases *c, const struct connection_record *conn)
{
	for (size_t i = 0; i < c->session_count; i++) {
		const struct session_case *s = &c->sessions[i];

		if (s->record.uid == conn->uid &&
			strcmp(s->record.uuid, conn->session) == 0)
			return s;
	}
	return NULL;
}

int cases_gather(const struct enforce_places *places, int64_t now_ms,
	int64_t now_boot_ms, struct cases *ret_cases)
{
	_cleanup_cases_ struct cases c = {
		.places = places,
		.now_ms = now_ms,
		.now_boot_ms = now_boot_ms,
		.next_boot_ms = INT64_MAX,
	};
	int r;

	/* Connections first: a session that begins meanwhile does no harm. */
	r = gather_connections(&c);
	if (r == 0)
		r = gather_sessions(&c);
	if (r < 0)
		return r;
	for (size_t i = 0; i < c.connection_count; i++)
		c.connections[i].session =
			session_of(&c, &c.connections[i].record);
	*ret_cases = c;
	memset(&c, 0, sizeof(c));
	return 0;
}
