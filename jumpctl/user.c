/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `jumpctl user …`: the suppliers' users at the service. A seed is shown once,
 * here, to be scanned; nobody can show it again.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/name.h"
#include "json/strict.h"
#include "jumpctl/api.h"
#include "jumpctl/json.h"
#include "jumpctl/qr.h"

#define KEY_MAX	  4096
#define PATH_SIZE 128

struct wish {
	struct api_options api;
	const char *key, *gecos;
	json_t *bastions; /* owned */
};

static void wish_done(struct wish *w)
{
	json_decref(w->bastions);
}
#define _cleanup_wish_ __attribute__((cleanup(wish_done)))

static int read_wish(const struct invocation *in, int arguments, struct wish *w)
{
	static const struct option options[] = {
		{"key", required_argument, NULL, 'k'},
		{"gecos", required_argument, NULL, 'g'},
		{"bastion", required_argument, NULL, 'b'}, API_OPTIONS, {0}};
	int c;

	while ((c = command_option(in, options)) != -1) {
		if (api_option(c, &w->api))
			continue;
		if (c == 'k')
			w->key = optarg;
		else if (c == 'g')
			w->gecos = optarg;
		else if (c != 'b')
			return EXIT_USAGE;
		else if (!w->bastions && !(w->bastions = json_array()))
			return command_failed(in, "no memory");
		else if (json_array_append_new(
				 w->bastions, json_string(optarg)) < 0)
			return command_failed(in, "--bastion is no text");
	}
	if (in->argc - optind != arguments)
		return command_usage(in, "%d argument%s wanted", arguments,
			arguments == 1 ? " is" : "s are");
	if (arguments > 0 && !name_valid(in->argv[optind]))
		return command_usage(in,
			"\"%s\" is no name: a-z first, then a-z, 0-9, - and _",
			in->argv[optind]);
	return EXIT_OK;
}

/* A public key from a file; "-" is standard input. */
static int read_key(
	const struct invocation *in, const char *path, char ret_key[KEY_MAX])
{
	_cleanup_close_ int fd = strcmp(path, "-") == 0
					 ? dup(STDIN_FILENO)
					 : open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -errno : fd_read_full(fd, ret_key, KEY_MAX);

	if (n < 0)
		return command_failed(in, "%s: %s", path, strerror((int)-n));
	if (n == KEY_MAX || memchr(ret_key, '\0', (size_t)n))
		return command_failed(in, "%s is no public key", path);
	ret_key[n] = '\0';
	if (strstr(ret_key, "PRIVATE KEY"))
		return command_failed(in,
			"%s is a private key; the public one ends in .pub",
			path);
	return EXIT_OK;
}

/* ---- showing ---- */

static void show_user(const json_t *user)
{
	const json_t *list = json_object_get(user, "keys");

	printf("%-20s %-11lld %-9s %s\n", api_text(user, "name"),
		(long long)json_integer_value(json_object_get(user, "uid")),
		json_is_true(json_object_get(user, "disabled")) ? "disabled"
								: "enabled",
		api_text(user, "gecos"));
	for (size_t i = 0; i < json_array_size(list); i++)
		printf("    key %s\n",
			api_text(json_array_get(list, i), "fingerprint"));
	list = json_object_get(user, "bastions");
	for (size_t i = 0; i < json_array_size(list); i++)
		printf("    at %s, %s\n",
			api_text(json_array_get(list, i), "bastion"),
			json_is_true(
				json_object_get(json_array_get(list, i), "otp"))
				? "with one-time codes"
				: "NO one-time codes: jumpctl user otp reset");
}

/* The seeds that an answer carries: to a person as pictures, else as text. */
static void show_seeds(const json_t *answer)
{
	const json_t *list = json_object_get(answer, "otpauth");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);

		if (isatty(STDOUT_FILENO)) {
			printf("\none-time codes for %s: scan this now, it is "
			       "shown once\n",
				api_text(one, "bastion"));
			(void)qr_print(stdout, api_text(one, "uri"));
		}
		printf("%s %s\n", api_text(one, "bastion"),
			api_text(one, "uri"));
	}
}

static int show(const struct invocation *in, json_t *answer)
{
	if (in->json)
		return command_json(in, json_incref(answer));
	show_user(answer);
	show_seeds(answer);
	return EXIT_OK;
}

/* One call about one user, and what comes back is shown. */
static int call(const struct invocation *in, const struct wish *w,
	const char *method, const char *path, json_t *body)
{
	_cleanup_json_ json_t *owned = body, *answer = NULL;
	struct api api;
	int r = api_open(in, &w->api, &api);

	if (r == EXIT_OK)
		r = api_call(
			in, &api, method, path, json_incref(owned), &answer);
	return r == EXIT_OK ? show(in, answer) : r;
}

static int call_of_user(const struct invocation *in, const struct wish *w,
	const char *operation, json_t *body)
{
	char path[PATH_SIZE];

	if (!body)
		return command_failed(in, "the arguments are no text");
	snprintf(path, sizeof(path), "/v1/users/%s/%s", in->argv[optind],
		operation);
	return call(in, w, "POST", path, body);
}

/* ---- verbs ---- */

static int run_add(const struct invocation *in)
{
	_cleanup_wish_ struct wish w = {0};
	_cleanup_json_ json_t *body = NULL;
	char key[KEY_MAX];
	int r = read_wish(in, 1, &w);

	if (r == EXIT_OK && !w.key)
		r = command_usage(in, "--key FILE is the public key");
	if (r == EXIT_OK)
		r = read_key(in, w.key, key);
	if (r != EXIT_OK)
		return r;
	body = json_pack("{s:s,s:s,s:s}", "name", in->argv[optind], "gecos",
		w.gecos ? w.gecos : "", "key", key);
	if (!body || (w.bastions &&
			     json_object_set(body, "bastions", w.bastions) < 0))
		return command_failed(in, "the arguments are no text");
	return call(in, &w, "POST", "/v1/users", json_incref(body));
}

static int run_list(const struct invocation *in)
{
	_cleanup_wish_ struct wish w = {0};
	_cleanup_json_ json_t *answer = NULL;
	const json_t *list;
	struct api api;
	int r = read_wish(in, 0, &w);

	if (r == EXIT_OK)
		r = api_open(in, &w.api, &api);
	if (r == EXIT_OK)
		r = api_call(in, &api, "GET", "/v1/users", NULL, &answer);
	if (r != EXIT_OK)
		return r;
	if (in->json)
		return command_json(in, json_incref(answer));
	list = json_object_get(answer, "users");
	for (size_t i = 0; i < json_array_size(list); i++)
		show_user(json_array_get(list, i));
	return EXIT_OK;
}

static int run_show(const struct invocation *in)
{
	_cleanup_wish_ struct wish w = {0};
	char path[PATH_SIZE];
	int r = read_wish(in, 1, &w);

	if (r != EXIT_OK)
		return r;
	snprintf(path, sizeof(path), "/v1/users/%s", in->argv[optind]);
	return call(in, &w, "GET", path, NULL);
}

static int run_disable(const struct invocation *in)
{
	_cleanup_wish_ struct wish w = {0};
	int r = read_wish(in, 1, &w);

	return r == EXIT_OK ? call_of_user(in, &w, "disable", json_object())
			    : r;
}

static int run_enable(const struct invocation *in)
{
	_cleanup_wish_ struct wish w = {0};
	int r = read_wish(in, 1, &w);

	return r == EXIT_OK ? call_of_user(in, &w, "enable", json_object()) : r;
}

static int run_key_add(const struct invocation *in)
{
	_cleanup_wish_ struct wish w = {0};
	char key[KEY_MAX];
	int r = read_wish(in, 2, &w);

	if (r == EXIT_OK)
		r = read_key(in, in->argv[optind + 1], key);
	if (r != EXIT_OK)
		return r;
	return call_of_user(in, &w, "keys", json_pack("{s:s}", "key", key));
}

static int run_key_remove(const struct invocation *in)
{
	_cleanup_wish_ struct wish w = {0};
	int r = read_wish(in, 2, &w);

	if (r != EXIT_OK)
		return r;
	return call_of_user(in, &w, "keys/remove",
		json_pack("{s:s}", "fingerprint", in->argv[optind + 1]));
}

static int run_otp_reset(const struct invocation *in)
{
	_cleanup_wish_ struct wish w = {0};
	json_t *body;
	int r = read_wish(in, 1, &w);

	if (r != EXIT_OK)
		return r;
	body = json_object();
	if (w.bastions && json_object_set(body, "bastions", w.bastions) < 0) {
		json_decref(body);
		body = NULL;
	}
	return call_of_user(in, &w, "otp", body);
}

#define SEED_HELP                                                              \
	"A seed of one-time codes is made for each bastion (or for those\n"    \
	"named) and shown once, on a terminal as a QR code.\n"

const struct command user_commands[] = {
	{"user add",
		"NAME --key FILE [--gecos TEXT] [--bastion B]... " API_ARGS,
		"enrol a supplier's engineer", run_add, SEED_HELP},
	{"user list", API_ARGS, "list users, keys and enrolments", run_list,
		NULL},
	{"user show", "NAME " API_ARGS, "show one user", run_show, NULL},
	{"user disable", "NAME " API_ARGS,
		"end all access of a user, keep the name", run_disable, NULL},
	{"user enable", "NAME " API_ARGS, "undo disable", run_enable, NULL},
	{"user key add", "NAME FILE " API_ARGS, "add a public key", run_key_add,
		NULL},
	{"user key remove", "NAME FINGERPRINT " API_ARGS, "remove a public key",
		run_key_remove, NULL},
	{"user otp reset", "NAME [--bastion B]... " API_ARGS,
		"make new seeds; the old codes end", run_otp_reset, SEED_HELP},
	{0},
};
