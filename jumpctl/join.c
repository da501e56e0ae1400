/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `jumpctl join`: this host becomes a bastion of an approvals service. Its
 * keys are made here; the token says who it is to the service, and names the
 * service's authority, so that nothing is said to anyone else.
 */
#include "jumpctl/join.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/trusted.h"
#include "https/client.h"
#include "json/strict.h"
#include "jumpctl/api.h"
#include "jumpctl/json.h"
#include "policy/policy.h"

#define TOKEN_MAX 128

struct joining {
	const char *url, *token, *dir, *given_ca;
	char token_line[TOKEN_MAX + 2];
	char name[NAME_SIZE];
	char ca_file[64]; /* a temporary one, for libcurl */
	char *ca, *key, *request, *seal;
	json_t *seal_public, *answer;
};

static void wipe(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(*text);
}

static void joining_done(struct joining *j)
{
	if (j->ca_file[0])
		(void)unlink(j->ca_file);
	free(j->ca);
	free(j->request);
	wipe(&j->key);
	wipe(&j->seal);
	explicit_bzero(j->token_line, sizeof(j->token_line));
	json_decref(j->seal_public);
	json_decref(j->answer);
}
#define _cleanup_joining_ __attribute__((cleanup(joining_done)))

/* A line of standard input: what stands in argv is seen by every process. */
static int read_token(const struct invocation *in, struct joining *j)
{
	ssize_t n = 1;

	for (size_t i = 0; i < sizeof(j->token_line) - 1; i++) {
		n = read(STDIN_FILENO, j->token_line + i, 1);
		if (n <= 0 || j->token_line[i] == '\n') {
			j->token_line[i] = '\0';
			break;
		}
	}
	if (n < 0)
		return command_failed(in, "the token: %s", strerror(errno));
	j->token = j->token_line;
	return EXIT_OK;
}

static int read_words(const struct invocation *in, struct joining *j)
{
	static const struct option options[] = {
		{"token", required_argument, NULL, 't'},
		{"dir", required_argument, NULL, 'd'},
		{"name", required_argument, NULL, 'n'},
		{"ca", required_argument, NULL, 'c'}, {0}};
	int c;

	while ((c = command_option(in, options)) != -1) {
		if (c == 't')
			j->token = optarg;
		else if (c == 'd')
			j->dir = optarg;
		else if (c == 'c')
			j->given_ca = optarg;
		else if (c != 'n')
			return EXIT_USAGE;
		else if (!name_valid(optarg))
			return command_usage(
				in, "\"%s\" is no bastion's name", optarg);
		else
			memcpy(j->name, optarg, strlen(optarg) + 1);
	}
	if (optind + 1 != in->argc ||
		strncmp(in->argv[optind], "https://", 8) != 0)
		return command_usage(
			in, "the service's https:// URL is wanted");
	if (j->token && strcmp(j->token, "-") == 0 &&
		(c = read_token(in, j)) != EXIT_OK)
		return c;
	if (!j->token || strncmp(j->token, "J1-", 3) != 0 ||
		strlen(j->token) > TOKEN_MAX)
		return command_usage(in,
			"--token takes what `jump-approvals token` printed");
	j->url = in->argv[optind];
	return EXIT_OK;
}

/* Who this bastion is stands in its policy, unless it was said. */
static int find_name(const struct invocation *in, struct joining *j)
{
	_cleanup_policy_ struct policy policy = {0};
	_cleanup_free_ struct policy_errors *errors =
		calloc(1, sizeof(*errors));
	int r;

	if (j->name[0])
		return EXIT_OK;
	r = errors ? policy_load(j->dir, geteuid(), &policy, errors) : -ENOMEM;
	if (r < 0)
		return command_failed(in,
			"%s: the policy can't be read, so this bastion has "
			"no name: see jumpctl policy check",
			j->dir);
	memcpy(j->name, policy.settings.bastion_id, NAME_SIZE);
	return EXIT_OK;
}

/* From a file that came here by other means. */
static int read_ca(const struct invocation *in, struct joining *j)
{
	size_t len = 0;
	int r = trusted_read(
		AT_FDCWD, j->given_ca, geteuid(), JOIN_PEM_MAX, &j->ca, &len);

	return r < 0 ? command_failed(in, "%s: %s", j->given_ca, strerror(-r))
		     : EXIT_OK;
}

static int download_ca(const struct invocation *in, struct joining *j)
{
	_cleanup_https_answer_ struct https_answer answer = {0};
	const struct https_call call = {
		.method = "GET",
		.base = j->url,
		.path = "/ca.pem",
		.answer_max = JOIN_PEM_MAX,
		.timeout_ms = 15000,
		.unverified = true,
	};
	char why[HTTPS_WHY_SIZE];
	int r = https_call(&call, &answer, why);

	if (r < 0)
		return command_failed(in, "%s: %s", j->url, why);
	if (answer.status != 200 || strlen(answer.bytes) != answer.len)
		return command_failed(in, "%s is no approvals service", j->url);
	j->ca = TAKE_PTR(answer.bytes);
	return EXIT_OK;
}

/* The CA may come from whoever answers: it is believed for its digest. */
static int fetch_ca(const struct invocation *in, struct joining *j)
{
	int r = j->given_ca ? read_ca(in, j) : download_ca(in, j);

	if (r != EXIT_OK)
		return r;
	if (!join_ca_matches(j->ca, j->token))
		return command_failed(in,
			"%s is not the service that the token is of",
			j->given_ca ? j->given_ca : j->url);
	return EXIT_OK;
}

static int write_ca_file(const struct invocation *in, struct joining *j)
{
	_cleanup_close_ int fd = -1;
	int r;

	snprintf(j->ca_file, sizeof(j->ca_file), "/tmp/jumpctl-ca.XXXXXX");
	fd = mkostemp(j->ca_file, O_CLOEXEC);
	if (fd < 0) {
		j->ca_file[0] = '\0';
		return command_failed(in, "/tmp: %s", strerror(errno));
	}
	r = fd_write_all(fd, j->ca, strlen(j->ca));
	return r < 0 ? command_failed(in, "%s: %s", j->ca_file, strerror(-r))
		     : EXIT_OK;
}

static int make_keys(const struct invocation *in, struct joining *j)
{
	int r = join_make_tls_key(j->name, &j->key, &j->request);

	if (r == 0)
		r = join_make_seal_key(&j->seal, &j->seal_public);
	return r < 0 ? command_failed(in, "keys: %s", strerror(-r)) : EXIT_OK;
}

static int enrol(const struct invocation *in, struct joining *j)
{
	struct api api = {0};
	json_t *body = json_pack("{s:s,s:s,s:s,s:O}", "token", j->token,
		"bastion", j->name, "csr", j->request, "seal", j->seal_public);

	if (!body)
		return command_failed(in, "the token is no text");
	snprintf(api.url, sizeof(api.url), "%s", j->url);
	snprintf(api.ca, sizeof(api.ca), "%s", j->ca_file);
	return api_call(in, &api, "POST", "/v1/enroll", body, &j->answer);
}

static bool trust_good(const json_t *trust)
{
	for (size_t i = 0; i < json_array_size(trust); i++) {
		const json_t *key = json_array_get(trust, i);

		if (!id_valid(api_text(key, "kid")) ||
			strcmp(api_text(key, "kty"), "EC") != 0 ||
			strcmp(api_text(key, "crv"), "P-256") != 0 ||
			json_object_get(key, "d"))
			return false;
	}
	return json_array_size(trust) > 0;
}

static int keep(const struct invocation *in, struct joining *j)
{
	const struct join_files files = {
		.dir = j->dir,
		.ca = j->ca,
		.certificate = api_text(j->answer, "certificate"),
		.key = j->key,
		.seal = j->seal,
		.url = j->url,
		.trust = json_object_get(j->answer, "trust"),
	};
	int r;

	if (strcmp(api_text(j->answer, "bastion"), j->name) != 0 ||
		!trust_good(files.trust) ||
		!join_certificate_good(files.certificate, j->key, j->ca))
		return command_failed(in,
			"the service's answer does not fit what was asked; "
			"nothing was written");
	r = join_write(&files);
	return r < 0 ? command_failed(in, "%s: %s", j->dir, strerror(-r))
		     : EXIT_OK;
}

static int report(const struct invocation *in, const struct joining *j)
{
	const json_t *trust = json_object_get(j->answer, "trust");

	if (in->json)
		return command_json(in,
			json_pack("{s:s,s:s,s:s}", "bastion", j->name, "issuer",
				api_text(j->answer, "issuer"), "url", j->url));
	printf("joined %s as %s, trusting key %s\n", j->url, j->name,
		api_text(json_array_get(trust, 0), "kid"));
	printf("next: jumpctl inventory push; systemctl enable --now "
	       "jump-fetch\n");
	return EXIT_OK;
}

static int run_join(const struct invocation *in)
{
	_cleanup_joining_ struct joining j = {.dir = POLICY_DIR};
	int r = read_words(in, &j);

	if (r == EXIT_OK)
		r = find_name(in, &j);
	if (r == EXIT_OK)
		r = fetch_ca(in, &j);
	if (r == EXIT_OK)
		r = write_ca_file(in, &j);
	if (r == EXIT_OK)
		r = make_keys(in, &j);
	if (r == EXIT_OK)
		r = enrol(in, &j);
	if (r == EXIT_OK)
		r = keep(in, &j);
	return r == EXIT_OK ? report(in, &j) : r;
}

const struct command join_commands[] = {
	{"join", "URL --token TOKEN [--ca FILE] [--name NAME] [--dir DIR]",
		"make this host a bastion of an approvals service", run_join,
		"The keys are made here and stay here: DIR/bastion, DIR/trust\n"
		"(DIR is /etc/jump). NAME is [bastion] Id of jump.conf. The\n"
		"service's authority is fetched from it, or read from FILE, "
		"and\n"
		"must be the one that the token names. TOKEN - reads it from\n"
		"standard input, so that it stands in no list of processes.\n"},
	{0},
};
