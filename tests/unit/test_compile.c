/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Snapshot against policy: who is not let in, what is taken off a grant, and
 * that each of it is told with its reason.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "tests/unit/grants_fixture.h"

struct compilation {
	struct policy policy;
	json_t *tree;
	struct snapshot snapshot;
	struct compiled c;
};

static void compilation_done(struct compilation *k)
{
	compiled_done(&k->c);
	snapshot_done(&k->snapshot);
	json_decref(k->tree);
	policy_done(&k->policy);
}
#define _cleanup_compilation_ __attribute__((cleanup(compilation_done)))

static void start(struct compilation *k)
{
	*k = (struct compilation){0};
	fixture_policy(&k->policy);
	k->tree = fixture_snapshot();
}

static void compile_with(struct compilation *k, const struct locals *locals)
{
	fixture_parse(k->tree, &k->snapshot);
	assert_int_equal(
		compiled_make(&k->snapshot, &k->policy, locals, &k->c), 0);
}

static void compile(struct compilation *k)
{
	compile_with(k, &fixture_no_locals);
}

static json_t *user(struct compilation *k, size_t i)
{
	return json_array_get(json_object_get(k->tree, "users"), i);
}

static json_t *grant(struct compilation *k, size_t i)
{
	return json_array_get(json_object_get(k->tree, "grants"), i);
}

static void set(json_t *object, const char *member, json_t *value)
{
	assert_non_null(value);
	assert_int_equal(json_object_set_new(object, member, value), 0);
}

/* A refusal of this word, of a user (grant NULL) or of one part of a grant. */
static bool told(const struct compilation *k, const char *word,
	const char *grant_id, const char *target, enum proto proto)
{
	for (size_t i = 0; i < k->c.refusal_count; i++) {
		const struct grant_refusal *r = &k->c.refusals[i];

		if (strcmp(r->word, word) == 0 &&
			strcmp(r->grant ? r->grant->id : "",
				grant_id ? grant_id : "") == 0 &&
			strcmp(r->target, target) == 0 && r->offer.proto == proto)
			return true;
	}
	return false;
}

static void test_nothing_to_refuse(void **state)
{
	_cleanup_compilation_ struct compilation k;

	start(&k);
	compile(&k);
	assert_int_equal(k.c.refusal_count, 0);
	assert_int_equal(k.c.user_count, 2);
	assert_int_equal(k.c.grant_count, 2);
	assert_int_equal(k.c.users[0].conduit_count, 1);
}

/* What a hostile service would like to enrol. */
static void test_names_that_are_not_enrolled(void **state)
{
	char(*names)[NAME_SIZE] = (char[][NAME_SIZE]){"acme-tech2", "root"};
	uint32_t ids[] = {0, FIXTURE_UID};
	const struct locals locals = {.name_count = 2, .names = names};
	const struct locals numbers = {.id_count = 2, .ids = ids};
	static const struct {
		const char *name, *word;
		uint32_t uid;
	} rows[] = {
		{"acme-tech1", "uid", 1000},
		{"acme-tech1", "uid", 1899999999},
		{"acme-tech1", "uid", 1910000000},
		{"acme", "name", FIXTURE_UID},
		{"aaa-sudo", "name", FIXTURE_UID},
		{"acme-tech1", NULL, FIXTURE_UID},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		_cleanup_compilation_ struct compilation k;

		start(&k);
		set(user(&k, 0), "name", json_string(rows[i].name));
		set(user(&k, 0), "uid", json_integer(rows[i].uid));
		set(grant(&k, 0), "user", json_string(rows[i].name));
		compile(&k);
		assert_int_equal(k.c.user_count, rows[i].word ? 1 : 2);
		if (!rows[i].word)
			continue;
		assert_true(told(&k, rows[i].word, NULL, "", PROTO_NONE));
		assert_true(told(&k, "user", "G-1", "", PROTO_NONE));
		assert_int_equal(k.c.grant_count, 1);
	}
	{
		_cleanup_compilation_ struct compilation k;

		start(&k);
		compile_with(&k, &locals);
		assert_int_equal(k.c.user_count, 1);
		assert_true(told(&k, "local", NULL, "", PROTO_NONE));
	}
	{
		_cleanup_compilation_ struct compilation k;

		start(&k);
		compile_with(&k, &numbers);
		assert_int_equal(k.c.user_count, 1);
		assert_int_equal(k.c.users[0].from->uid, FIXTURE_UID + 1);
	}
}

static void test_short_patterns_enrol_nobody(void **state)
{
	static const char *const patterns[] = {"*", "a*", "ac*", ""};

	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		_cleanup_compilation_ struct compilation k;

		start(&k);
		(void)snprintf(k.policy.conduits[0].users[0], NAME_SIZE, "%s",
			patterns[i]);
		compile(&k);
		assert_int_equal(k.c.user_count, 0);
		assert_int_equal(k.c.grant_count, 0);
	}
}

static void test_target_by_target(void **state)
{
	_cleanup_compilation_ struct compilation k;
	const struct grant *g;
	const uint32_t *targets;

	start(&k);
	set(grant(&k, 0), "targets",
		json_pack("[s,s,s]", "gone", "hmi-1", "drive-9"));
	for (size_t i = 0; i < k.policy.target_count; i++)
		if (strcmp(k.policy.targets[i].name, "drive-9") == 0)
			(void)snprintf(
				k.policy.targets[i].zone, NAME_SIZE, "cell-b");
	compile(&k);
	assert_true(told(&k, "policy", "G-1", "gone", PROTO_SSH));
	assert_true(told(&k, "policy", "G-1", "drive-9", PROTO_SFTP));
	g = k.c.grants[0];
	assert_string_equal(g->id, "G-1");
	assert_int_equal(g->target_count, 1);
	assert_string_equal(g->targets[0], "hmi-1");
	targets = compiled_targets(&k.c, g);
	assert_string_equal(k.policy.targets[targets[0]].name, "hmi-1");
	/* The next one's targets are its own. */
	g = k.c.grants[1];
	targets = compiled_targets(&k.c, g);
	assert_int_equal(g->target_count, 2);
	assert_string_equal(k.policy.targets[targets[1]].name, "plc-gw");
}

static void test_protocol_by_protocol(void **state)
{
	_cleanup_compilation_ struct compilation k;

	start(&k);
	set(grant(&k, 0), "protocols", json_pack("[s,s]", "ssh", "vnc"));
	compile(&k);
	assert_int_equal(k.c.grants[0]->protocols.named, 1u << PROTO_SSH);
	assert_int_equal(k.c.refusal_count, 2);
	set(grant(&k, 0), "protocols", json_pack("[s]", "vnc"));
	compiled_done(&k.c);
	snapshot_done(&k.snapshot);
	compile(&k);
	assert_int_equal(k.c.grant_count, 1);
	assert_string_equal(k.c.grants[0]->id, "G-2");
}

static void test_length_and_approvals(void **state)
{
	_cleanup_compilation_ struct compilation k;

	start(&k);
	k.policy.conduits[0].approvals = 2;
	set(grant(&k, 0), "not_after",
		json_integer(FIXTURE_NOW + 8 * 3600 + 1));
	set(grant(&k, 1), "approved_by",
		json_pack("[s,s]", "anna", "acme-tech2")); /* itself */
	compile(&k);
	assert_int_equal(k.c.grant_count, 0);
	assert_int_equal(k.c.user_count, 2);
	assert_true(told(&k, "length", "G-1", "plc-gw", PROTO_SSH));
	assert_true(told(&k, "approvals", "G-2", "hmi-1", PROTO_SFTP));
	assert_int_equal(
		k.c.refusals[0].origin.line, k.policy.conduits[0].origin.line);
}

/* Over, revoked, disabled: told of for a while, never a right, no refusal. */
static void test_what_is_over(void **state)
{
	_cleanup_compilation_ struct compilation k;

	start(&k);
	k.policy.conduits[0].approvals = 3; /* would be refused */
	set(grant(&k, 0), "not_before", json_integer(FIXTURE_NOW - 7200));
	set(grant(&k, 0), "not_after", json_integer(FIXTURE_NOW));
	set(user(&k, 1), "disabled", json_true());
	compile(&k);
	assert_int_equal(k.c.refusal_count, 0);
	assert_int_equal(k.c.grant_count, 2);
	assert_false(k.c.grants[0]->revoked);
	assert_true(k.c.grants[1]->revoked);
	compiled_done(&k.c);
	snapshot_done(&k.snapshot);
	set(grant(&k, 0), "not_before",
		json_integer(FIXTURE_NOW - SNAPSHOT_KEPT_SEC - 60));
	set(grant(&k, 0), "not_after",
		json_integer(FIXTURE_NOW - SNAPSHOT_KEPT_SEC));
	compile(&k);
	assert_int_equal(k.c.grant_count, 1);
	assert_int_equal(k.c.refusal_count, 0);
}

static void test_too_many_grants_of_one_user(void **state)
{
	_cleanup_compilation_ struct compilation k;
	json_t *grants;

	start(&k);
	grants = json_array();
	for (int i = 0; i < COMPILE_GRANTS_MAX + 2; i++) {
		char id[16];

		(void)snprintf(id, sizeof(id), "G-%05d", i);
		json_array_append_new(grants, fixture_grant(id, "acme-tech1"));
	}
	set(k.tree, "grants", grants);
	compile(&k);
	assert_int_equal(k.c.grant_count, COMPILE_GRANTS_MAX);
	assert_int_equal(k.c.refusal_count, 2);
	assert_true(told(&k, "limit", "G-01024", "", PROTO_NONE));
}

/* More is refused than is listed: the count says so, memory is not passed. */
static void test_refusals_are_bounded(void **state)
{
	_cleanup_compilation_ struct compilation k;
	json_t *grants, *targets;

	start(&k);
	grants = json_array();
	targets = json_array();
	for (int i = 0; i < SNAPSHOT_TARGETS_MAX; i++)
		json_array_append_new(targets, json_sprintf("gone-%d", i));
	for (int i = 0; i < 100; i++) {
		char id[16];
		json_t *g;

		(void)snprintf(id, sizeof(id), "G-%05d", i);
		g = fixture_grant(id, "acme-tech1");
		set(g, "targets", json_incref(targets));
		json_array_append_new(grants, g);
	}
	json_decref(targets);
	set(k.tree, "grants", grants);
	compile(&k);
	assert_int_equal(k.c.refusal_count, 100 * SNAPSHOT_TARGETS_MAX * 2);
	assert_true(k.c.refusal_count > COMPILE_REFUSALS_MAX);
	assert_int_equal(k.c.grant_count, 0);
}

static void write_file(const char *path, const char *text)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, 0644), 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
}

static void test_locals(void **state)
{
	_cleanup_locals_ struct locals l = {0};
	char folder[64], passwd[96], group[96];

	fixture_folder(folder);
	(void)snprintf(passwd, sizeof(passwd), "%s/passwd", folder);
	(void)snprintf(group, sizeof(group), "%s/group", folder);
	write_file(passwd, "root:x:0:0:root:/root:/bin/bash\n"
			   "# comment\n"
			   "broken\n"
			   "\n"
			   "+nis::::::\n"
			   "svc:x:1900000009:5::/:/bin/false");
	assert_int_equal(locals_load(passwd, group, getuid(), &l), -ENOENT);
	write_file(group, "sudo:x:27:anna\nacme-ops:x:1900000001:\n");
	assert_int_equal(locals_load(passwd, group, getuid(), &l), 0);
	assert_true(locals_has_name(&l, "root"));
	assert_true(locals_has_name(&l, "broken"));
	assert_true(locals_has_name(&l, "svc"));
	assert_true(locals_has_name(&l, "sudo"));
	assert_false(locals_has_name(&l, "anna"));
	assert_false(locals_has_name(&l, ""));
	assert_true(locals_has_id(&l, 0));
	assert_true(locals_has_id(&l, 1900000009));
	assert_true(locals_has_id(&l, 1900000001));
	assert_false(locals_has_id(&l, 5));
	fixture_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_to_refuse),
		cmocka_unit_test(test_names_that_are_not_enrolled),
		cmocka_unit_test(test_short_patterns_enrol_nobody),
		cmocka_unit_test(test_target_by_target),
		cmocka_unit_test(test_protocol_by_protocol),
		cmocka_unit_test(test_length_and_approvals),
		cmocka_unit_test(test_what_is_over),
		cmocka_unit_test(test_too_many_grants_of_one_user),
		cmocka_unit_test(test_refusals_are_bounded),
		cmocka_unit_test(test_locals),
	};

	return cmocka_run_group_tests_name("compile", tests, NULL, NULL);
}
