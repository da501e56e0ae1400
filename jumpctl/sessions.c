/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `jumpctl sessions` and `jumpctl sessions end`.
 */
#include "jumpctl/sessions.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit/event.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/moment.h"
#include "jumpctl/json.h"

#define REASON_MAX  200
#define END_WAIT_MS 6000

struct wish {
	const char *dir;
	const char *reason;
};

static int read_options(const struct invocation *in, struct wish *w)
{
	static const struct option options[] = {
		{"run", required_argument, NULL, 'd'},
		{"reason", required_argument, NULL, 'r'}, {0}};
	int c;

	while ((c = command_option(in, options)) != -1) {
		if (c == 'd')
			w->dir = optarg;
		else if (c == 'r')
			w->reason = optarg;
		else
			return EXIT_USAGE;
	}
	return EXIT_OK;
}

static int cannot_read(const struct invocation *in, int e)
{
	if (e == -EACCES)
		return command_failed(in, "the records are for root to read");
	return command_failed(in, "the records: %s", strerror(-e));
}

static json_t *time_json(uint64_t sec)
{
	char text[MOMENT_TEXT_SIZE];

	moment_format((int64_t)sec, text);
	return json_string(text);
}

static json_t *connections_json(
	const struct session_list *l, const char *session)
{
	json_t *list = json_array();

	for (size_t i = 0; i < l->connection_count; i++) {
		const struct listed_connection *c = &l->connections[i];

		if (strcmp(c->session, session) != 0)
			continue;
		json_array_append_new(list,
			json_pack("{s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:b}", "conn",
				c->conn, "target", c->target, "proto", c->proto,
				"channel", c->channel, "grant", c->grant,
				"started", time_json(c->started), "until",
				time_json(c->until), "recorded", c->recorded));
	}
	return list;
}

static int print_json(const struct invocation *in, const struct session_list *l)
{
	json_t *list = json_array();

	for (size_t i = 0; i < l->session_count; i++) {
		const struct listed_session *s = &l->sessions[i];

		json_array_append_new(list,
			json_pack("{s:s,s:s,s:s,s:I,s:s,s:I,s:s,s:I,s:o,s:b,"
				  "s:o}",
				"session", s->uuid, "scope", s->scope, "user",
				s->user, "uid", (json_int_t)s->uid, "source",
				s->source, "source_port",
				(json_int_t)s->source_port, "key", s->key,
				"audit_session", (json_int_t)s->ses, "started",
				time_json(s->started), "alive", s->alive,
				"connections", connections_json(l, s->uuid)));
	}
	return command_json(in, json_pack("{s:o}", "sessions", list));
}

static void print_connections(const struct session_list *l, const char *session)
{
	for (size_t i = 0; i < l->connection_count; i++) {
		const struct listed_connection *c = &l->connections[i];
		char until[MOMENT_TEXT_SIZE];

		if (strcmp(c->session, session) != 0)
			continue;
		moment_format((int64_t)c->until, until);
		printf("    %s  %-6s %-20s %-8s until %s%s\n", c->conn,
			c->proto, c->target, c->channel, until,
			c->recorded ? "  recorded" : "");
	}
}

static int print_text(const struct session_list *l)
{
	char started[MOMENT_TEXT_SIZE];

	if (l->session_count == 0)
		printf("no session\n");
	for (size_t i = 0; i < l->session_count; i++) {
		const struct listed_session *s = &l->sessions[i];

		moment_format((int64_t)s->started, started);
		printf("%s  %-20s from %s port %llu since %s%s\n", s->uuid,
			s->user, s->source, (unsigned long long)s->source_port,
			started, s->alive ? "" : "  (its monitor is gone)");
		print_connections(l, s->uuid);
	}
	return EXIT_OK;
}

static int run_list(const struct invocation *in)
{
	_cleanup_session_list_ struct session_list l = {0};
	_cleanup_running_ struct running r = {.fd = -1};
	struct wish w = {0};
	int e = read_options(in, &w);

	if (e == EXIT_OK && (optind < in->argc || w.reason))
		return command_usage(in, "no words behind it");
	if (e == EXIT_OK)
		e = running_open(in, w.dir, &r);
	if (e != EXIT_OK)
		return e;
	e = session_list_read(&r, &l);
	if (e < 0)
		return cannot_read(in, e);
	return in->json ? print_json(in, &l) : print_text(&l);
}

/* Whoever ends it is stamped by the kernel; why is in the journal. */
static int tell_end(
	const struct listed_session *s, const char *by, const char *reason)
{
	const struct event e = {
		.id = EVENT_SESSION_TERMINATED,
		.outcome = OUTCOME_SUCCESS,
		.reason = "operator",
		.user = s->user,
		.uid = (uid_t)s->uid,
		.session = s->uuid,
		.source = s->source,
		.source_port = (uint16_t)s->source_port,
		.by = by,
		.detail = reason,
	};

	return event_emit(&e);
}

static int put_request(const struct running *r, const char *uuid,
	const char *by, const char *reason)
{
	_cleanup_close_ int dir =
		openat(r->fd, "ends", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct fd_replace how = {
		.name = uuid, .mode = 0600, .uid = (uid_t)-1, .gid = (gid_t)-1};
	struct keyfile_writer w = {0};

	if (dir < 0)
		return -errno;
	keyfile_add(&w, "by", by);
	keyfile_add(&w, "reason", reason);
	keyfile_add_number(&w, "boot_ms", (uint64_t)moment_boot_ms());
	return keyfile_writer_replace(&w, dir, &how);
}

static bool is_gone(const struct running *r, void *context)
{
	const struct listed_session *s = context;
	char path[sizeof("sessions/") + sizeof(s->scope)];

	snprintf(path, sizeof(path), "sessions/%s", s->scope);
	return faccessat(r->fd, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
	       errno == ENOENT;
}

static bool reason_valid(const char *reason)
{
	size_t len = strlen(reason);

	for (size_t i = 0; i < len; i++) {
		if (reason[i] < 0x20 || reason[i] > 0x7e)
			return false;
	}
	return len > 0 && len <= REASON_MAX;
}

static int end_session(const struct invocation *in, const struct running *r,
	struct listed_session *s, const char *reason)
{
	char by[RUNNING_NAME_SIZE];
	int e;

	running_operator(by);
	/* A session is ended also where this can't be audited. */
	if (tell_end(s, by, reason) < 0)
		fprintf(stderr, "jumpctl: this could not be audited\n");
	e = put_request(r, s->uuid, by, reason);
	if (e < 0)
		return command_failed(in, "%s: %s", s->uuid, strerror(-e));
	running_wake_watch(r);
	if (!running_await(r, END_WAIT_MS, is_gone, s))
		return command_failed(in,
			"%s is still there; is jump-watch.timer running?",
			s->uuid);
	printf("%s of %s is ended\n", s->uuid, s->user);
	return EXIT_OK;
}

static int run_end(const struct invocation *in)
{
	_cleanup_session_list_ struct session_list l = {0};
	_cleanup_running_ struct running r = {.fd = -1};
	const struct listed_session *found;
	struct listed_session chosen;
	struct wish w = {0};
	size_t count;
	int e = read_options(in, &w);

	if (e != EXIT_OK)
		return e;
	if (in->argc - optind != 1)
		return command_usage(in, "name one SESSION");
	if (!w.reason || !reason_valid(w.reason))
		return command_usage(in,
			"say why: --reason TEXT, up to %d plain characters",
			REASON_MAX);
	e = running_open(in, w.dir, &r);
	if (e != EXIT_OK)
		return e;
	e = session_list_read(&r, &l);
	if (e < 0)
		return cannot_read(in, e);
	found = session_list_find(&l, in->argv[optind], &count);
	if (!found && count > 1)
		return command_usage(in, "%zu sessions begin with \"%s\"",
			count, in->argv[optind]);
	if (!found) {
		fprintf(stderr,
			"no session \"%s\"; jumpctl sessions lists "
			"them\n",
			in->argv[optind]);
		return EXIT_NO;
	}
	chosen = *found;
	return end_session(in, &r, &chosen, w.reason);
}

const struct command sessions_commands[] = {
	{"sessions", "[--run DIR]", "List who is in, and what they reach",
		run_list, NULL},
	{"sessions end", "SESSION --reason TEXT [--run DIR]",
		"End a session now", run_end,
		"SESSION is the uuid, at least four first characters of it, "
		"or the scope.\nWho ends it and why goes to audit and journal "
		"before it ends.\n"},
	{0},
};
