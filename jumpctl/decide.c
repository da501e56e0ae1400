/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `jumpctl approve|deny|revoke|extend`: deciding about a request. What is
 * decided about is fetched first and named by its version, so that a change
 * in between is refused by the service.
 */
#include <getopt.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/moment.h"
#include "json/strict.h"
#include "jumpctl/request.h"
#include "jumpctl/times.h"

struct deciding {
	struct api_options api_options;
	struct api api;
	const char *reason, *to;
	json_t *request; /* owned */
};

static void deciding_done(struct deciding *d)
{
	json_decref(d->request);
}
#define _cleanup_deciding_ __attribute__((cleanup(deciding_done)))

/* Options and the request that the one argument means. */
static int begin(const struct invocation *in, struct deciding *d)
{
	static const struct option options[] = {
		{"reason", required_argument, NULL, 'r'},
		{"to", required_argument, NULL, 't'}, API_OPTIONS, {0}};
	int c, r;

	while ((c = command_option(in, options)) != -1) {
		if (api_option(c, &d->api_options))
			continue;
		if (c == 'r')
			d->reason = optarg;
		else if (c == 't')
			d->to = optarg;
		else
			return EXIT_USAGE;
	}
	if (optind + 1 != in->argc)
		return command_usage(in, "one ID is wanted");
	r = api_open(in, &d->api_options, &d->api);
	if (r == EXIT_OK)
		r = request_find(in, &d->api, in->argv[optind], &d->request);
	return r;
}

static int post(const struct invocation *in, const struct deciding *d,
	const char *operation, json_t *body)
{
	_cleanup_json_ json_t *owned = body, *answer = NULL;
	char path[REQUEST_PATH_SIZE];
	int r;

	if (!owned || (d->reason && json_object_set_new(owned, "reason",
					    json_string(d->reason)) < 0))
		return command_failed(in, "the reason is no text");
	snprintf(path, sizeof(path), "/v1/requests/%s/%s",
		api_text(d->request, "id"), operation);
	r = api_call(in, &d->api, "POST", path, json_incref(owned), &answer);
	return r == EXIT_OK ? request_show(in, answer) : r;
}

static json_t *with_version(const struct deciding *d)
{
	return json_pack(
		"{s:O}", "version", json_object_get(d->request, "version"));
}

static int run_approve(const struct invocation *in)
{
	_cleanup_deciding_ struct deciding d = {0};
	int r = begin(in, &d);

	if (r == EXIT_OK && d.to)
		return command_usage(in, "--to is for extend");
	return r == EXIT_OK ? post(in, &d, "approve", with_version(&d)) : r;
}

static int run_deny(const struct invocation *in)
{
	_cleanup_deciding_ struct deciding d = {0};
	int r = begin(in, &d);

	if (r == EXIT_OK && (!d.reason || d.to))
		return command_usage(in, "--reason says why");
	return r == EXIT_OK ? post(in, &d, "deny", with_version(&d)) : r;
}

static int run_revoke(const struct invocation *in)
{
	_cleanup_deciding_ struct deciding d = {0};
	int r = begin(in, &d);

	if (r == EXIT_OK && d.to)
		return command_usage(in, "--to is for extend");
	return r == EXIT_OK ? post(in, &d, "revoke", json_object()) : r;
}

static int run_extend(const struct invocation *in)
{
	_cleanup_deciding_ struct deciding d = {0};
	char utc[MOMENT_TEXT_SIZE];
	int64_t end = 0, to = 0;
	json_t *body;
	int r = begin(in, &d);

	if (r != EXIT_OK)
		return r;
	if (!d.to)
		return command_usage(in, "--to says until when");
	if (moment_parse(api_text(d.request, "not_after"), &end) < 0)
		return command_failed(in, "the request has no end");
	if (times_parse(d.to, moment_wall_ms() / 1000, end, &to) < 0)
		return command_usage(in,
			"\"%s\" is no time: +1h, or 2026-11-23T18:00+01:00",
			d.to);
	moment_format(to, utc);
	body = with_version(&d);
	if (body &&
		json_object_set_new(body, "not_after", json_string(utc)) < 0) {
		json_decref(body);
		body = NULL;
	}
	return post(in, &d, "extend", body);
}

#define ID_HELP                                                                \
	"ID is all of an id, or its last letters (at least 4) when they\n"     \
	"mean one request that waits or is open.\n"

const struct command decide_commands[] = {
	{"approve", "ID [--reason TEXT] " API_ARGS,
		"approve a request, or the extension that waits", run_approve,
		ID_HELP},
	{"deny", "ID --reason TEXT " API_ARGS,
		"deny a request, or the extension that waits", run_deny,
		ID_HELP},
	{"revoke", "ID [--reason TEXT] " API_ARGS,
		"end a grant at once, or withdraw a request", run_revoke,
		ID_HELP},
	{"extend", "ID --to TIME [--reason TEXT] " API_ARGS,
		"give a grant a later end, or ask for it", run_extend,
		ID_HELP "TIME +1h is an hour after the present end.\n"},
	{0},
};
