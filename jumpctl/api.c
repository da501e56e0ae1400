/* SPDX-License-Identifier: BSD-2-Clause */
/* Identity folders, calls, and problem documents as one sentence. */
#include "jumpctl/api.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/trusted.h"
#include "https/client.h"
#include "json/strict.h"

#define ANSWER_MAX ((size_t)16 << 20)
#define TIMEOUT_MS 30000L
#define DEPTH_MAX  10

bool api_option(int c, struct api_options *options)
{
	if (c == 'I')
		options->identity = optarg;
	else if (c == 'U')
		options->url = optarg;
	return c == 'I' || c == 'U';
}

static bool has_identity(const char *dir)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/client.crt", dir);
	return access(path, R_OK) == 0;
}

/* HOME is not asked: it may be another person's under sudo. */
static const char *find_identity(char *path, size_t size)
{
	const struct passwd *me = getpwuid(getuid());

	if (me) {
		snprintf(path, size, "%s/.config/jump", me->pw_dir);
		if (has_identity(path))
			return path;
	}
	return has_identity("/etc/jump/client") ? "/etc/jump/client" : NULL;
}

static int read_url(const char *dir, char *ret_url, size_t size)
{
	_cleanup_free_ char *text = NULL;
	char path[PATH_MAX];
	size_t len = 0;
	int r;

	snprintf(path, sizeof(path), "%s/url", dir);
	r = trusted_read(AT_FDCWD, path, geteuid(), size - 1, &text, &len);
	if (r == -EPERM)
		r = trusted_read(AT_FDCWD, path, 0, size - 1, &text, &len);
	if (r < 0)
		return r;
	snprintf(ret_url, size, "%.*s", (int)strcspn(text, "\n"), text);
	return 0;
}

int api_open(const struct invocation *in, const struct api_options *options,
	struct api *ret_api)
{
	const char *dir = options->identity;
	char found[PATH_MAX - 32];
	int r;

	if (!dir)
		dir = find_identity(found, sizeof(found));
	if (!dir)
		return command_failed(in,
			"no identity: put what `jump-approvals client` made "
			"into ~/.config/jump, or say --identity DIR");
	snprintf(ret_api->ca, PATH_MAX, "%s/ca.crt", dir);
	snprintf(ret_api->certificate, PATH_MAX, "%s/client.crt", dir);
	snprintf(ret_api->key, PATH_MAX, "%s/client.key", dir);
	if (options->url) {
		snprintf(
			ret_api->url, sizeof(ret_api->url), "%s", options->url);
		return EXIT_OK;
	}
	r = read_url(dir, ret_api->url, sizeof(ret_api->url));
	return r < 0 ? command_failed(in, "%s/url: %s", dir, strerror(-r))
		     : EXIT_OK;
}

const char *api_text(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));

	return text ? text : "";
}

const char *api_words(
	const json_t *object, const char *member, char *text, size_t size)
{
	const json_t *list = json_object_get(object, member);
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < json_array_size(list) && at < size; i++) {
		const char *word = json_string_value(json_array_get(list, i));
		int n = snprintf(text + at, size - at, "%s%s", i ? " " : "",
			word ? word : "?");

		at += n > 0 ? (size_t)n : 0;
	}
	return text;
}

static int say_problem(
	const struct invocation *in, long status, const json_t *problem)
{
	const char *detail = api_text(problem, "detail");
	const char *field = api_text(problem, "field");

	if (!problem)
		return command_failed(in, "the service answered %ld", status);
	if (field[0])
		(void)command_failed(in, "%s: %s (%s)",
			api_text(problem, "title"), detail, field);
	else
		(void)command_failed(
			in, "%s: %s", api_text(problem, "title"), detail);
	return status >= 500 ? EXIT_FAILED : EXIT_NO;
}

static int take_answer(const struct invocation *in,
	const struct https_answer *answer, json_t **ret_answer)
{
	static const struct json_limits limits = {
		.max_bytes = ANSWER_MAX, .depth_max = DEPTH_MAX};
	_cleanup_json_ json_t *json = NULL;
	char why[JSON_WHY_SIZE] = "";
	int r = json_strict_parse(
		answer->bytes, answer->len, &limits, &json, why);

	if (answer->status < 200 || answer->status > 299)
		return say_problem(in, answer->status, r == 0 ? json : NULL);
	if (r < 0)
		return command_failed(
			in, "the service's answer can't be read: %s", why);
	*ret_answer = TAKE_PTR(json);
	return EXIT_OK;
}

int api_call(const struct invocation *in, const struct api *api,
	const char *method, const char *path, json_t *body, json_t **ret_answer)
{
	_cleanup_json_ json_t *owned = body;
	_cleanup_free_ char *text = NULL;
	_cleanup_https_answer_ struct https_answer answer = {0};
	struct https_call call = {
		.method = method,
		.base = api->url,
		.path = path,
		.ca = api->ca,
		.certificate = api->certificate[0] ? api->certificate : NULL,
		.key = api->key[0] ? api->key : NULL,
		.type = "application/json",
		.answer_max = ANSWER_MAX,
		.timeout_ms = TIMEOUT_MS,
	};
	char why[HTTPS_WHY_SIZE];
	int r;

	if (owned) {
		text = json_dumps(owned, JSON_COMPACT);
		if (!text)
			return command_failed(in, "no memory");
		call.body = text;
		call.body_len = strlen(text);
	}
	r = https_call(&call, &answer, why);
	if (r < 0)
		return command_failed(in, "%s: %s", api->url, why);
	return take_answer(in, &answer, ret_answer);
}
