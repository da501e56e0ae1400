/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `jumpctl clock show` and `jumpctl clock confirm`.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/event.h"
#include "base/fd.h"
#include "base/moment.h"
#include "grants/rights.h"
#include "jumpctl/json.h"
#include "jumpctl/running.h"

#define CONFIRM_WAIT_MS 6000

static int open_run(const struct invocation *in, struct running *ret_running)
{
	static const struct option options[] = {
		{"run", required_argument, NULL, 'd'}, {0}};
	const char *dir = NULL;
	int c;

	while ((c = command_option(in, options)) != -1) {
		if (c != 'd')
			return EXIT_USAGE;
		dir = optarg;
	}
	if (optind < in->argc)
		return command_usage(in, "no words behind it");
	return running_open(in, dir, ret_running);
}

/* What is published, and the two clocks of now. */
struct clock_view {
	bool trusted, synced;
	char why[24];
	int64_t offset_ms; /* accepted */
	int64_t age_ms;
	int64_t wall_ms, boot_ms;
};

static int view_read(const struct running *r, struct clock_view *ret_view)
{
	_cleanup_keyfile_ struct keyfile k = {0};
	struct clock_view v = {
		.wall_ms = moment_wall_ms(), .boot_ms = moment_boot_ms()};
	uint64_t offset_ms, boot_ms;
	int e = keyfile_read(r->fd, "clock", r->owner, &k);

	if (e < 0)
		return e;
	if (keyfile_number(&k, "offset_ms", &offset_ms) < 0 ||
		keyfile_number(&k, "boot_ms", &boot_ms) < 0 ||
		offset_ms > INT64_MAX / 2 || boot_ms > INT64_MAX / 2)
		return -EBADMSG;
	v.trusted = record_number(&k, "trusted") == 1;
	v.synced = record_number(&k, "synced") == 1;
	snprintf(v.why, sizeof(v.why), "%s", record_text(&k, "why"));
	v.offset_ms = (int64_t)offset_ms;
	v.age_ms = v.boot_ms - (int64_t)boot_ms;
	*ret_view = v;
	return 0;
}

static int cannot_read(const struct invocation *in, int e)
{
	if (e == -ENOENT)
		return command_failed(in, "jump-watch has not looked yet; is "
					  "jump-watch.timer running?");
	return command_failed(in, "the clock's state: %s", strerror(-e));
}

static const char *sentence(const struct clock_view *v)
{
	static const struct {
		const char *why, *text;
	} texts[] = {
		{"step", "the clock has stepped"},
		{"past", "the clock is behind a time that was already seen"},
		{"unsynchronised", "the clock went unsynchronised too long"},
		{"mark", "the high-water mark can't be read"},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(v->why, texts[i].why) == 0)
			return texts[i].text;
	}
	return "the clock is in doubt";
}

static int run_show(const struct invocation *in)
{
	_cleanup_running_ struct running r = {.fd = -1};
	char used[MOMENT_TEXT_SIZE], wall[MOMENT_TEXT_SIZE];
	struct clock_view v;
	int e = open_run(in, &r);

	if (e != EXIT_OK)
		return e;
	e = view_read(&r, &v);
	if (e < 0)
		return cannot_read(in, e);
	moment_format((v.boot_ms + v.offset_ms) / 1000, used);
	moment_format(v.wall_ms / 1000, wall);
	if (in->json)
		e = command_json(
			in, json_pack("{s:b,s:s,s:b,s:s,s:s,s:I,s:I}",
				    "trusted", v.trusted, "why", v.why,
				    "synchronised", v.synced, "used", used,
				    "wall", wall, "wall_ahead_ms",
				    (json_int_t)(v.wall_ms - v.boot_ms -
						 v.offset_ms),
				    "age_ms", (json_int_t)v.age_ms));
	else
		printf("%s%s%s\ntime in use  %s\nwall clock   %s "
		       "(%+" PRId64 " ms), %ssynchronised\nlooked at    "
		       "%" PRId64 ".%01d s ago\n",
			v.trusted ? "trusted" : "in doubt: ",
			v.trusted ? "" : sentence(&v),
			v.trusted ? "" : "; no new sessions", used, wall,
			v.wall_ms - v.boot_ms - v.offset_ms,
			v.synced ? "" : "not ", v.age_ms / 1000,
			(int)(v.age_ms % 1000 / 100));
	if (e != EXIT_OK)
		return e;
	return v.trusted ? EXIT_OK : EXIT_NO;
}

static bool is_trusted(const struct running *r, void *context)
{
	struct clock_view v;

	(void)context;
	return view_read(r, &v) == 0 && v.trusted;
}

static int put_confirmation(
	const struct running *r, const struct clock_view *v, const char *by)
{
	const struct fd_replace how = {.name = "clock.confirm",
		.mode = 0600,
		.uid = (uid_t)-1,
		.gid = (gid_t)-1};
	struct keyfile_writer w = {0};

	keyfile_add_number(&w, "boot_ms", (uint64_t)v->boot_ms);
	keyfile_add_number(
		&w, "offset_ms", (uint64_t)(v->wall_ms - v->boot_ms));
	keyfile_add(&w, "by", by);
	return keyfile_writer_replace(&w, r->fd, &how);
}

/* By what is in force; without it, yes. */
static bool audit_is_required(void)
{
	_cleanup_rights_ struct rights *rights = NULL;

	return rights_open(RIGHTS_DB, 0, &rights) < 0 ||
	       !rights_info(rights)->settings.audit_optional;
}

static int run_confirm(const struct invocation *in)
{
	_cleanup_running_ struct running r = {.fd = -1};
	char by[RUNNING_NAME_SIZE], wall[MOMENT_TEXT_SIZE];
	struct event told = {.id = EVENT_CLOCK_TRUSTED,
		.outcome = OUTCOME_SUCCESS,
		.reason = "operator",
		.by = by};
	struct clock_view v;
	int e = open_run(in, &r);

	if (e != EXIT_OK)
		return e;
	e = view_read(&r, &v);
	if (e < 0)
		return cannot_read(in, e);
	moment_format(v.wall_ms / 1000, wall);
	if (v.trusted) {
		printf("the clock is trusted already: %s\n", wall);
		return EXIT_OK;
	}
	if (v.wall_ms < v.boot_ms)
		return command_failed(in, "the wall clock is before 1970");
	running_operator(by);
	/* This opens doors again: no evidence, no confirmation. */
	if (event_emit(&told) < 0 && audit_is_required())
		return command_failed(in, "this can't be audited, and the "
					  "policy requires it");
	e = put_confirmation(&r, &v, by);
	if (e < 0)
		return command_failed(in, "%s: %s", r.dir, strerror(-e));
	running_wake_watch(&r);
	if (!running_await(&r, CONFIRM_WAIT_MS, is_trusted, NULL))
		return command_failed(in, "it was not taken; is "
					  "jump-watch.timer running?");
	printf("confirmed: it is %s\n", wall);
	return EXIT_OK;
}

const struct command clock_commands[] = {
	{"clock show", "[--run DIR]", "Is the clock trusted, and why not",
		run_show, NULL},
	{"clock confirm", "[--run DIR]", "Say that the wall clock is right",
		run_confirm,
		"Look at another clock first. Until the clock is "
		"synchronised again or\nconfirmed, no new session opens.\n"},
	{0},
};
