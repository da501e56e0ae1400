/* SPDX-License-Identifier: BSD-2-Clause */
/* `jumpctl request`, `jumpctl requests`: asking for a window, and looking. */
#include "jumpctl/request.h"

#include <getopt.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/moment.h"
#include "base/name.h"
#include "json/strict.h"
#include "jumpctl/json.h"
#include "jumpctl/times.h"

#define ULID_LEN   26
#define SUFFIX_MIN 4
#define LIST_LIMIT "500"
#define WORDS_SIZE 2200

/* ---- showing ---- */

static void show_line(const char *label, const char *text)
{
	if (text[0])
		printf("%-11s %s\n", label, text);
}

static void show_approvals(const json_t *request, const char *of)
{
	const json_t *list = json_object_get(request, "approvals");
	int needed =
		(int)json_integer_value(json_object_get(request, "needed"));

	printf("%-11s", of);
	for (size_t i = 0; i < json_array_size(list); i++)
		printf(" %s", api_text(json_array_get(list, i), "person"));
	if (needed)
		printf(" (%zu of %d)", json_array_size(list), needed);
	putchar('\n');
}

int request_show(const struct invocation *in, const json_t *request)
{
	const json_t *extension = json_object_get(request, "extension");
	char words[WORDS_SIZE];

	if (in->json)
		return command_json(in, json_incref((json_t *)request));
	printf("%-11s %s\n", api_text(request, "state"),
		api_text(request, "id"));
	show_line("user", api_text(request, "user"));
	show_line(
		"targets", api_words(request, "targets", words, sizeof(words)));
	show_line("by", api_words(request, "protocols", words, sizeof(words)));
	show_line("account", api_text(request, "account"));
	show_line("bastion", api_text(request, "bastion"));
	show_line("from", api_text(request, "not_before"));
	show_line("to", api_text(request, "not_after"));
	show_line("purpose", api_text(request, "purpose"));
	show_line("ticket", api_text(request, "ticket"));
	show_line(
		"sources", api_words(request, "sources", words, sizeof(words)));
	show_line("requester", api_text(request, "requester"));
	show_approvals(request, "approved");
	show_line("reason", api_text(request, "reason"));
	if (extension) {
		show_line("extend to", api_text(extension, "not_after"));
		show_line("asked by", api_text(extension, "by"));
		show_line("because", api_text(extension, "reason"));
	}
	return EXIT_OK;
}

static void show_row(const json_t *request)
{
	const json_t *approvals = json_object_get(request, "approvals");
	char targets[WORDS_SIZE], protocols[WORDS_SIZE];

	printf("%s %-9s %zu/%d  %s  %s  %s > %s (%s)  %s%s\n",
		api_text(request, "id"), api_text(request, "state"),
		json_array_size(approvals),
		(int)json_integer_value(json_object_get(request, "needed")),
		api_text(request, "not_before"), api_text(request, "not_after"),
		api_text(request, "user"),
		api_words(request, "targets", targets, sizeof(targets)),
		api_words(request, "protocols", protocols, sizeof(protocols)),
		api_text(request, "purpose"),
		json_object_get(request, "extension") ? "  [extension waits]"
						      : "");
}

/* ---- finding ---- */

static bool ends_with(const char *id, const char *word)
{
	size_t id_len = strlen(id), len = strlen(word);

	return len <= id_len && strcasecmp(id + id_len - len, word) == 0;
}

static int find_by_suffix(const struct invocation *in, const json_t *list,
	const char *word, json_t **ret_request)
{
	json_t *found = NULL;

	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *one = json_array_get(list, i);
		const char *state = api_text(one, "state");

		if (!ends_with(api_text(one, "id"), word) ||
			(strcmp(state, "pending") && strcmp(state, "approved")))
			continue;
		if (found)
			return command_failed(in,
				"\"%s\" ends several ids: give more of it",
				word);
		found = one;
	}
	if (!found) {
		(void)command_failed(in,
			"nothing that waits or is open ends in \"%s\"", word);
		return EXIT_NO;
	}
	*ret_request = json_incref(found);
	return EXIT_OK;
}

int request_find(const struct invocation *in, const struct api *api,
	const char *word, json_t **ret_request)
{
	_cleanup_json_ json_t *answer = NULL;
	char path[REQUEST_PATH_SIZE];
	int r;

	if (!id_valid(word) || strlen(word) < SUFFIX_MIN)
		return command_usage(in,
			"\"%s\" is no id: all of it, or its last letters, at "
			"least %d",
			word, SUFFIX_MIN);
	if (strlen(word) == ULID_LEN) {
		snprintf(path, sizeof(path), "/v1/requests/%s", word);
		return api_call(in, api, "GET", path, NULL, ret_request);
	}
	r = api_call(in, api, "GET", "/v1/requests?limit=" LIST_LIMIT, NULL,
		&answer);
	if (r != EXIT_OK)
		return r;
	return find_by_suffix(
		in, json_object_get(answer, "requests"), word, ret_request);
}

/* ---- request ---- */

struct asking {
	struct api_options api;
	const char *from, *to;
	json_t *body;
};

/* "a,b" or the option several times: both add to the list. */
static int add_words(json_t *body, const char *member, const char *text)
{
	json_t *list = json_object_get(body, member);

	if (!list) {
		list = json_array();
		if (json_object_set_new(body, member, list) < 0)
			return -1;
	}
	while (*text) {
		size_t len = strcspn(text, ",");

		if (len && json_array_append_new(
				   list, json_stringn(text, len)) < 0)
			return -1;
		text += len;
		text += *text == ',';
	}
	return 0;
}

static int add_time(const struct invocation *in, json_t *body,
	const char *member, const char *text, int64_t from, int64_t *ret_sec)
{
	int64_t now = moment_wall_ms() / 1000;
	char utc[MOMENT_TEXT_SIZE];

	if (times_parse(text, now, from, ret_sec) < 0)
		return command_usage(in,
			"\"%s\" is no time: now, +2h, or "
			"2026-11-23T18:00+01:00",
			text);
	moment_format(*ret_sec, utc);
	return json_object_set_new(body, member, json_string(utc)) < 0
		       ? command_failed(in, "no memory")
		       : EXIT_OK;
}

/* Those whose text goes into the body as it is. */
static const char *member_of(int c)
{
	switch (c) {
	case 'p':
		return "purpose";
	case 'k':
		return "ticket";
	case 'a':
		return "account";
	case 'b':
		return "bastion";
	case 'r':
		return "record";
	default:
		return NULL;
	}
}

static const char *list_of(int c)
{
	return c == 't'	  ? "targets"
	       : c == 'P' ? "protocols"
	       : c == 's' ? "sources"
	       : c == 'l' ? "files"
			  : NULL;
}

static int read_asking(const struct invocation *in, struct asking *a)
{
	static const struct option options[] = {
		{"target", required_argument, NULL, 't'},
		{"protocol", required_argument, NULL, 'P'},
		{"from", required_argument, NULL, 'f'},
		{"to", required_argument, NULL, 'o'},
		{"purpose", required_argument, NULL, 'p'},
		{"ticket", required_argument, NULL, 'k'},
		{"account", required_argument, NULL, 'a'},
		{"bastion", required_argument, NULL, 'b'},
		{"record", required_argument, NULL, 'r'},
		{"source", required_argument, NULL, 's'},
		{"files", required_argument, NULL, 'l'}, API_OPTIONS, {0}};
	int c, r = 0;

	while (r == 0 && (c = command_option(in, options)) != -1) {
		if (api_option(c, &a->api))
			continue;
		if (c == 'f')
			a->from = optarg;
		else if (c == 'o')
			a->to = optarg;
		else if (list_of(c))
			r = add_words(a->body, list_of(c), optarg);
		else if (member_of(c))
			r = json_object_set_new(
				a->body, member_of(c), json_string(optarg));
		else
			return EXIT_USAGE;
	}
	return r < 0 ? command_failed(in, "an option is no text") : EXIT_OK;
}

static int complete_asking(const struct invocation *in, struct asking *a)
{
	int64_t from = 0, to = 0;
	int r;

	if (optind + 1 != in->argc)
		return command_usage(in, "one USER is wanted");
	if (!json_object_get(a->body, "targets") ||
		!json_object_get(a->body, "protocols") || !a->to ||
		!json_object_get(a->body, "purpose"))
		return command_usage(in,
			"--target, --protocol, --to and --purpose are "
			"needed");
	r = add_time(in, a->body, "not_before", a->from ? a->from : "now",
		moment_wall_ms() / 1000, &from);
	if (r == EXIT_OK)
		r = add_time(in, a->body, "not_after", a->to, from, &to);
	if (r == EXIT_OK && json_object_set_new(a->body, "user",
				    json_string(in->argv[optind])) < 0)
		r = command_failed(in, "the user is no text");
	return r;
}

static int run_request(const struct invocation *in)
{
	_cleanup_json_ json_t *body = json_object(), *answer = NULL;
	struct asking a = {.body = body};
	struct api api;
	int r;

	r = body ? read_asking(in, &a) : command_failed(in, "no memory");
	if (r == EXIT_OK)
		r = complete_asking(in, &a);
	if (r == EXIT_OK)
		r = api_open(in, &a.api, &api);
	if (r == EXIT_OK)
		r = api_call(in, &api, "POST", "/v1/requests",
			json_incref(body), &answer);
	return r == EXIT_OK ? request_show(in, answer) : r;
}

/* ---- requests ---- */

static int run_requests(const struct invocation *in)
{
	static const struct option options[] = {
		{"state", required_argument, NULL, 's'}, API_OPTIONS, {0}};
	_cleanup_json_ json_t *answer = NULL;
	struct api_options api_options = {0};
	char path[REQUEST_PATH_SIZE] = "/v1/requests?limit=" LIST_LIMIT;
	const json_t *list;
	struct api api;
	int c, r;

	while ((c = command_option(in, options)) != -1) {
		if (api_option(c, &api_options))
			continue;
		if (c != 's' || !name_valid(optarg))
			return c == 's' ? command_usage(in, "no such state")
					: EXIT_USAGE;
		snprintf(path, sizeof(path), "/v1/requests?limit=%s&state=%s",
			LIST_LIMIT, optarg);
	}
	if (optind != in->argc)
		return command_usage(in, "no argument is taken");
	r = api_open(in, &api_options, &api);
	if (r == EXIT_OK)
		r = api_call(in, &api, "GET", path, NULL, &answer);
	if (r != EXIT_OK)
		return r;
	if (in->json)
		return command_json(in, TAKE_PTR(answer));
	list = json_object_get(answer, "requests");
	for (size_t i = 0; i < json_array_size(list); i++)
		show_row(json_array_get(list, i));
	return EXIT_OK;
}

const struct command request_commands[] = {
	{"request",
		"USER --target T[,T] --protocol P[,P] [--from TIME] --to TIME "
		"--purpose TEXT [--ticket ID] [--account A] [--bastion B] "
		"[--source NET[,NET]] [--files up,down] [--record "
		"required] " API_ARGS,
		"ask for a window", run_request,
		"TIME is now, +2h (after now; for --to: after --from), or a\n"
		"time with its zone: 2026-11-23T18:00+01:00.\n"},
	{"requests", "[--state STATE] " API_ARGS, "list requests and grants",
		run_requests,
		"STATE is pending, approved, denied, withdrawn, revoked,\n"
		"expired or ended.\n"},
	{0},
};
