/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Publishes a generation from a policy folder and a payload that nobody
 * signed, for tests of the gates. Not installed: jump-apply is the one that
 * publishes, and it verifies first.
 *
 * mkrights POLICY_DIR PAYLOAD.json OUT_DIR [--give GATES_GID] [--users-gid N]
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "base/trusted.h"
#include "grants/compile.h"
#include "grants/publish.h"

#define USERS_GID_DEFAULT 65533

static int fail(const char *what, const char *why)
{
	(void)fprintf(stderr, "mkrights: %s: %s\n", what, why);
	return 1;
}

static uint32_t gid_of(const char *text)
{
	uint64_t gid;

	if (number_parse(text, 1, UINT32_MAX - 1, &gid) < 0)
		exit(fail(text, "is no gid"));
	return (uint32_t)gid;
}

static int load_policy(const char *dir, struct policy *ret_policy)
{
	static struct policy_errors errors;
	int e = policy_load(dir, geteuid(), ret_policy, &errors);

	for (size_t i = 0; i < errors.count && i < POLICY_ERRORS_MAX; i++)
		(void)fprintf(stderr, "%s:%u: %s\n",
			errors.error[i].origin.file,
			errors.error[i].origin.line, errors.error[i].text);
	return e < 0 ? fail(dir, strerror(-e)) : 0;
}

static int load_snapshot(const char *path, struct snapshot *ret_snapshot)
{
	_cleanup_free_ char *bytes = NULL;
	struct fault why = {0};
	size_t len;
	int e = trusted_read(
		AT_FDCWD, path, geteuid(), (size_t)64 << 20, &bytes, &len);

	if (e < 0)
		return fail(path, strerror(-e));
	if (snapshot_parse(bytes, len, ret_snapshot, &why) < 0)
		return fail(path, why.text);
	return 0;
}

static void tell(const struct compiled *c, const struct published *p)
{
	for (size_t i = 0; i < c->refusal_count && i < COMPILE_REFUSALS_MAX;
		i++) {
		const struct grant_refusal *r = &c->refusals[i];
		char proto[PROTO_TEXT_SIZE];

		(void)fprintf(stderr, "refused: %s %s %s %s %s\n", r->user,
			r->grant ? r->grant->id : "-",
			r->target[0] ? r->target : "-",
			r->target[0] ? proto_text(r->offer.proto, r->offer.port,
					       proto)
				     : "-",
			r->word);
	}
	(void)printf("generation %llu: %zu users, %zu grants, %zu refusals\n",
		(unsigned long long)p->generation, c->user_count,
		c->grant_count, c->refusal_count);
}

static int publish(
	const struct publish *how, const char *policy_dir, const char *payload)
{
	_cleanup_policy_ struct policy policy = {0};
	_cleanup_snapshot_ struct snapshot snapshot = {0};
	_cleanup_locals_ struct locals locals = {0};
	_cleanup_compiled_ struct compiled compiled = {0};
	struct published published;
	int e;

	if (load_policy(policy_dir, &policy) ||
		load_snapshot(payload, &snapshot))
		return 1;
	e = locals_load("/etc/passwd", "/etc/group", 0, &locals);
	if (e < 0)
		return fail("/etc/passwd", strerror(-e));
	e = compiled_make(&snapshot, &policy, &locals, &compiled);
	if (e == 0)
		e = publish_generation(how, &compiled, &published);
	if (e < 0)
		return fail(how->dir, strerror(-e));
	tell(&compiled, &published);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"give", required_argument, NULL, 'g'},
		{"users-gid", required_argument, NULL, 'u'},
		{0},
	};
	struct publish how = {
		.owner = geteuid(), .users_gid = USERS_GID_DEFAULT};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'g') {
			how.give = true;
			how.gates_gid = gid_of(optarg);
		} else if (c == 'u') {
			how.users_gid = gid_of(optarg);
		} else {
			return 2;
		}
	}
	if (argc - optind != 3) {
		(void)fprintf(stderr, "usage: mkrights POLICY_DIR PAYLOAD.json "
				      "OUT_DIR [--give GATES_GID] "
				      "[--users-gid N]\n");
		return 2;
	}
	how.dir = argv[optind + 2];
	return publish(&how, argv[optind], argv[optind + 1]);
}
