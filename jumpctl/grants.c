/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `jumpctl grants show`: what is published on this host, as the gates read it.
 */
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/moment.h"
#include "jumpctl/grants.h"

static int64_t now_sec(void)
{
	struct moment_clock clock = {0};

	if (moment_clock_read(&clock) == 0)
		return moment_now_sec(&clock);
	return moment_wall_ms() / 1000;
}

const char *grant_state(const struct grant *g, int64_t now)
{
	if (g->revoked)
		return "revoked";
	if (now >= g->not_after)
		return "ended";
	return now < g->not_before ? "early" : "open";
}

static int read_options(const struct invocation *in, struct listing *l)
{
	static const struct option options[] = {
		{"at", required_argument, NULL, 'a'},
		{"rights", required_argument, NULL, 'r'}, {0}};
	int c;

	while ((c = command_option(in, options)) != -1) {
		if (c == 'a' && moment_parse(optarg, &l->at) < 0)
			return command_usage(in,
				"\"%s\" is no time; write it as "
				"2026-11-23T18:00:00Z",
				optarg);
		if (c == 'r')
			l->path = optarg;
		if (c != 'a' && c != 'r')
			return EXIT_USAGE;
	}
	if (optind < in->argc)
		l->user = in->argv[optind++];
	if (optind < in->argc)
		return command_usage(in, "one user at most; \"%s\" is left",
			in->argv[optind]);
	return EXIT_OK;
}

static int cannot_read(const struct invocation *in, const char *path, int e)
{
	if (e == -ENOENT)
		return command_failed(in,
			"%s: no rights are published here; jump-apply "
			"publishes them with the first snapshot",
			path);
	if (e == -EBADMSG)
		return command_failed(in,
			"%s: damaged; gates refuse until the next snapshot "
			"is applied",
			path);
	if (e == -EACCES)
		return command_failed(
			in, "%s: these rights are for root to read", path);
	return command_failed(in, "%s: %s", path, strerrordesc_np(-e));
}

static int show_user(const struct listing *l, const struct rights_user *u,
	json_t *json_users)
{
	_cleanup_rights_view_ struct rights_view v = {0};
	int e = rights_view_load(l->rights, u->uid, &v);

	if (e < 0)
		return e;
	if (json_users)
		return grants_json_user(l, u, &v, json_users);
	grants_print_user(l, u, &v);
	return 0;
}

/* One user or all; -ESRCH when the one is not there. */
static int show_users(const struct listing *l, json_t *json_users)
{
	static struct rights_user u;
	uint32_t count = rights_user_count(l->rights);
	int e = 0;

	if (l->user) {
		e = rights_user_by_name(l->rights, l->user, &u);
		if (e == 0)
			e = show_user(l, &u, json_users);
		return e == -ENOENT ? -ESRCH : e;
	}
	for (uint32_t i = 0; e == 0 && i < count; i++) {
		e = rights_user_at(l->rights, i, &u);
		if (e == 0)
			e = show_user(l, &u, json_users);
	}
	return e;
}

static int show(const struct invocation *in, const struct listing *l)
{
	json_t *users = in->json ? json_array() : NULL;
	int e;

	if (!in->json)
		grants_print_head(l);
	e = show_users(l, users);
	if (e == -ESRCH) {
		json_decref(users);
		(void)command_failed(
			in, "nobody called %s is enrolled here", l->user);
		return EXIT_NO;
	}
	if (e < 0) {
		json_decref(users);
		return cannot_read(in, l->path, e);
	}
	return in->json ? command_json(in, grants_json_head(l, users))
			: EXIT_OK;
}

static int grants_show(const struct invocation *in)
{
	struct listing l = {.path = RIGHTS_DB, .at = now_sec()};
	_cleanup_rights_ struct rights *rights = NULL;
	int e = read_options(in, &l);

	if (e != EXIT_OK)
		return e;
	e = rights_open(
		l.path, strcmp(l.path, RIGHTS_DB) ? geteuid() : 0, &rights);
	if (e < 0)
		return cannot_read(in, l.path, e);
	l.rights = rights;
	return show(in, &l);
}

const struct command grants_commands[] = {
	{
		.words = "grants show",
		.args = "[USER] [--at TIME] [--rights FILE]",
		.summary = "Show who may reach what on this host, and when",
		.run = grants_show,
		.help = "Shows what the gates read: the users enrolled here "
			"and their grants, those that\n"
			"ended in the last 7 days too. What the policy does "
			"not carry is not among them.\n"
			"\n"
			"  --at TIME      as of this time, as "
			"2026-11-23T18:00:00Z (default: now)\n"
			"  --rights FILE  another rights.db than the published "
			"one\n"
			"\n"
			"Exit status: 0 shown, 1 no such user, 3 the rights "
			"could not be read.\n",
	},
	{0},
};
