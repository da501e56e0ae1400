/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpctl/sessions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/proc.h"

void session_list_done(struct session_list *l)
{
	free(l->sessions);
	free(l->connections);
	memset(l, 0, sizeof(*l));
}

#define TAKE(field, key)                                                       \
	snprintf(one.field, sizeof(one.field), "%s", record_text(k, key))

static bool monitor_lives(const struct keyfile *k)
{
	unsigned long long start;
	uint64_t pid = record_number(k, "monitor");

	return pid > 1 && pid <= INT32_MAX &&
	       proc_start_time((pid_t)pid, &start) == 0 &&
	       start == record_number(k, "monitor_start");
}

static int take_session(
	const char *name, const struct keyfile *k, void *context)
{
	struct session_list *l = context;
	struct listed_session one = {
		.uid = record_number(k, "uid"),
		.source_port = record_number(k, "source_port"),
		.ses = record_number(k, "ses"),
		.started = record_number(k, "started"),
		.alive = monitor_lives(k),
	};

	if (l->session_count == SESSION_LIST_MAX)
		return -E2BIG;
	snprintf(one.scope, sizeof(one.scope), "%s", name);
	TAKE(uuid, "uuid");
	TAKE(user, "user");
	TAKE(source, "source");
	TAKE(key, "key");
	l->sessions[l->session_count++] = one;
	return 0;
}

static int take_connection(
	const char *name, const struct keyfile *k, void *context)
{
	struct session_list *l = context;
	struct listed_connection one = {
		.started = record_number(k, "started"),
		.until = record_number(k, "until"),
		.recorded = record_number(k, "recorded") == 1,
	};

	if (l->connection_count == SESSION_LIST_MAX)
		return -E2BIG;
	snprintf(one.conn, sizeof(one.conn), "%s", name);
	TAKE(session, "session");
	TAKE(target, "target");
	TAKE(proto, "proto");
	TAKE(channel, "channel");
	TAKE(grant, "grant");
	l->connections[l->connection_count++] = one;
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct listed_session *x = a, *y = b;

	if (x->started != y->started)
		return x->started < y->started ? -1 : 1;
	return strcmp(x->uuid, y->uuid);
}

int session_list_read(const struct running *r, struct session_list *ret_list)
{
	_cleanup_session_list_ struct session_list l = {
		.sessions = calloc(SESSION_LIST_MAX, sizeof(*l.sessions)),
		.connections = calloc(SESSION_LIST_MAX, sizeof(*l.connections)),
	};
	int e;

	if (!l.sessions || !l.connections)
		return -ENOMEM;
	e = running_each(r, "sessions", take_session, &l);
	if (e == 0)
		e = running_each(r, "connections", take_connection, &l);
	if (e < 0)
		return e;
	qsort(l.sessions, l.session_count, sizeof(*l.sessions), by_start);
	*ret_list = l;
	memset(&l, 0, sizeof(l));
	return 0;
}

const struct listed_session *session_list_find(
	const struct session_list *l, const char *word, size_t *ret_count)
{
	const struct listed_session *found = NULL;
	size_t len = strlen(word);

	*ret_count = 0;
	for (size_t i = 0; i < l->session_count; i++) {
		const struct listed_session *s = &l->sessions[i];

		if (strcmp(s->scope, word) != 0 &&
			(len < 4 || strncmp(s->uuid, word, len) != 0))
			continue;
		found = s;
		(*ret_count)++;
	}
	return *ret_count == 1 ? found : NULL;
}
