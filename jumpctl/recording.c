/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `jumpctl recording list` and `recording verify`: which there are, and
 * whether they are whole.
 */
#include "jumpctl/recording.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/moment.h"
#include "jumpctl/json.h"
#include "jumpctl/recording_play.h"

struct listed {
	struct recording_ref ref;
	struct recording_state state;
	int64_t started;
};

struct listing {
	const struct invocation *in;
	const char *user, *target;
	json_t *rows; /* with --json */
	size_t count;
	struct listed *found; /* owned */
};

static bool wanted(const struct listing *l, const struct cast_reader *r)
{
	return (!l->user ||
		       strcmp(cast_identity_text(r, "user"), l->user) == 0) &&
	       (!l->target ||
		       strcmp(cast_identity_text(r, "target"), l->target) == 0);
}

static int64_t started(const struct cast_reader *r)
{
	return json_integer_value(json_object_get(r->header, "timestamp"));
}

static void print_row(const struct recording_ref *ref,
	const struct cast_reader *r, const struct recording_state *s,
	bool first)
{
	char when[MOMENT_TEXT_SIZE];

	moment_format(started(r), when);
	if (first)
		printf("%-20s  %-16s  %-16s  %-12s  %9s  %-8s  %s\n", "started",
			"connection", "user", "target", "seconds", "state",
			"command");
	printf("%s  %s  ", when, ref->conn);
	printf("%-16.31s  %-12.31s  %9" PRIu64 "  %-8s  ",
		cast_identity_text(r, "user"), cast_identity_text(r, "target"),
		s->duration_us / 1000000,
		strcmp(s->word, "whole") == 0 ? s->reason : s->word);
	recording_print_text(
		stdout, json_is_string(json_object_get(r->header, "command"))
				? json_string_value(
					  json_object_get(r->header, "command"))
				: "-");
	printf("\n");
}

static json_t *row_json(const struct recording_ref *ref,
	const struct cast_reader *r, const struct recording_state *s)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, "
			 "s:s, s:s}",
		"file", ref->path, "conn", ref->conn, "session", ref->session,
		"user", cast_identity_text(r, "user"), "target",
		cast_identity_text(r, "target"), "account",
		cast_identity_text(r, "account"), "grant",
		cast_identity_text(r, "grant"), "started",
		(json_int_t)started(r), "duration_ms",
		(json_int_t)(s->duration_us / 1000), "file_bytes",
		(json_int_t)s->file_bytes, "state", s->word, "reason",
		s->reason);
}

static int take_one(const struct recording_ref *ref, void *context)
{
	struct listing *l = context;
	_cleanup_fclose_ FILE *f = recording_open(ref);
	_cleanup_cast_ struct cast_reader r = {0};
	struct listed one = {.ref = *ref};
	struct listed *more;

	if (!f || cast_reader_begin(&r, f) < 0 || !wanted(l, &r) ||
		recording_glance(ref, f, &one.state) < 0)
		return 0;
	more = reallocarray(l->found, l->count + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	l->found = more;
	one.started = started(&r);
	l->found[l->count++] = one;
	return 0;
}

/* Names begin with a random number: order is by time, to the file's end. */
static int by_time(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	if (x->started != y->started)
		return x->started < y->started ? -1 : 1;
	if (x->state.changed_ns != y->state.changed_ns)
		return x->state.changed_ns < y->state.changed_ns ? -1 : 1;
	return strcmp(x->ref.conn, y->ref.conn);
}

static void show_one(struct listing *l, const struct listed *one, bool first)
{
	_cleanup_fclose_ FILE *f = recording_open(&one->ref);
	_cleanup_cast_ struct cast_reader r = {0};

	if (!f || cast_reader_begin(&r, f) < 0)
		return;
	if (l->in->json)
		json_array_append_new(
			l->rows, row_json(&one->ref, &r, &one->state));
	else
		print_row(&one->ref, &r, &one->state, first);
}

static void show_all(struct listing *l)
{
	if (l->count > 0)
		qsort(l->found, l->count, sizeof(*l->found), by_time);
	for (size_t i = 0; i < l->count; i++)
		show_one(l, &l->found[i], i == 0);
	free(l->found);
	l->found = NULL;
}

static int run_list(const struct invocation *in)
{
	static const struct option options[] = {
		{"day", required_argument, NULL, 'd'},
		{"user", required_argument, NULL, 'u'},
		{"target", required_argument, NULL, 't'}, {0}};
	struct listing l = {.in = in};
	const char *day = NULL;
	int c, r;

	while ((c = command_option(in, options)) != -1) {
		if (c == 'd')
			day = optarg;
		else if (c == 'u')
			l.user = optarg;
		else if (c == 't')
			l.target = optarg;
		else
			return EXIT_USAGE;
	}
	if (optind < in->argc)
		return command_usage(in, "%s is too much", in->argv[optind]);
	l.rows = in->json ? json_array() : NULL;
	r = recording_each(RECORDING_FOLDER, day, take_one, &l);
	show_all(&l);
	if (r == -EINVAL)
		return command_usage(in, "a day is written 2026-11-23");
	if (r < 0 && !(r == -ENOENT && day))
		return command_failed(
			in, "%s: %s", RECORDING_FOLDER, strerror(-r));
	return in->json ? command_json(in, l.rows) : EXIT_OK;
}

static void print_state(
	const struct recording_ref *ref, const struct recording_state *s)
{
	printf("%s%s%s: %s",
		command_colour(strcmp(s->word, "whole") == 0 ? COLOUR_GOOD
							     : COLOUR_BAD),
		s->word, command_colour(COLOUR_OFF), ref->path);
	if (strcmp(s->word, "whole") == 0) {
		printf(", ended: ");
		recording_print_text(stdout, s->reason);
	} else if (strcmp(s->word, "killed") == 0) {
		printf(", no end: the recorder was killed; what it has is "
		       "good");
	} else if (strcmp(s->word, "torn") == 0) {
		printf(", torn after line %u: the recorder or the host died; "
		       "what stands before is good",
			s->line - 1);
	} else if (strcmp(s->word, "broken") == 0) {
		printf(", line %u: ", s->line);
		recording_print_text(stdout, s->why);
	}
	printf("\n  %s, %" PRIu64 " bytes shown\n", s->digest, s->shown_bytes);
}

static int verify_one(
	const struct invocation *in, const char *word, json_t *rows)
{
	struct recording_ref ref;
	struct recording_state s;
	int r = recording_find(RECORDING_FOLDER, word, &ref);

	if (r == 0)
		r = recording_examine(&ref, &s);
	if (r == -EEXIST)
		return command_usage(in,
			"%s has several recordings; name the connection", word);
	if (r < 0)
		return command_failed(in, "%s: %s", word, strerror(-r));
	if (rows)
		json_array_append_new(
			rows, json_pack("{s:s, s:s, s:s, s:s, s:i, s:s}",
				      "file", ref.path, "state", s.word,
				      "reason", s.reason, "why", s.why, "line",
				      (int)s.line, "digest", s.digest));
	else
		print_state(&ref, &s);
	return strcmp(s.word, "whole") == 0 || strcmp(s.word, "running") == 0
		       ? EXIT_OK
		       : EXIT_NO;
}

static int run_verify(const struct invocation *in)
{
	static const struct option options[] = {{0}};
	json_t *rows = in->json ? json_array() : NULL;
	int worst = EXIT_OK;

	if (command_option(in, options) != -1)
		return EXIT_USAGE;
	if (optind >= in->argc)
		return command_usage(in, "RECORDING is missing");
	for (int i = optind; i < in->argc; i++) {
		int code = verify_one(in, in->argv[i], rows);

		if (code > worst)
			worst = code;
	}
	if (in->json && command_json(in, rows) != EXIT_OK)
		return EXIT_FAILED;
	return worst;
}

const struct command recording_commands[] = {
	{"recording list", "[--day DAY] [--user NAME] [--target NAME]",
		"List recordings", run_list,
		"DAY is written 2026-11-23 (UTC). For root and group "
		"jump-auditors."},
	{"recording verify", "RECORDING...", "Check that recordings are whole",
		run_verify,
		"RECORDING is a file, a connection (16 hex digits), or the "
		"beginning of a session's\nuuid. Compare the digest with the "
		"audit log: ausearch -m TRUSTED_APP, op=record_end."},
	{"recording play", "RECORDING [--speed N] [--idle SECONDS]",
		"Play a recording on this terminal", recording_play_run,
		"Waits longer than --idle (2 unless said) are cut. Sequences "
		"that do more than draw\nare left out: what a machine printed "
		"must not reach your clipboard or your keyboard."},
	{"recording cat", "RECORDING", "Print what was shown, byte for byte",
		recording_cat_run,
		"Into a file or a pipe; on a terminal it is filtered as with "
		"'play'."},
	{0},
};
