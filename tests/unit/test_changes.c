/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a new generation changes, told before it is published; and that a
 * prepared one that is dropped was never there.
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
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "grants/changes.h"
#include "tests/unit/grants_fixture.h"

static char folder[64];
static struct policy policy;
static char said[1024];

static int set_up(void **state)
{
	fixture_folder(folder);
	fixture_policy(&policy);
	return 0;
}

static int tear_down(void **state)
{
	policy_done(&policy);
	fixture_remove(folder);
	return 0;
}

/* "+G-1 " and so on, one word a change. */
static int say(const struct change *c, void *context)
{
	static const char *const marks[] = {
		[CHANGE_USER_ADDED] = "user+",
		[CHANGE_USER_REMOVED] = "user-",
		[CHANGE_GRANT_ADDED] = "+",
		[CHANGE_GRANT_CHANGED] = "*",
		[CHANGE_GRANT_REVOKED] = "-",
	};
	const struct grant *g = c->after ? c->after : c->before;
	size_t len = strlen(said);

	assert_true(c->uid >= FIXTURE_UID);
	if (g)
		assert_string_equal(g->user, c->user);
	(void)snprintf(said + len, sizeof(said) - len, "%s%s ", marks[c->kind],
		g ? g->id : c->user);
	return context ? -ECANCELED : 0;
}

struct step {
	struct snapshot snapshot;
	struct compiled compiled;
	struct publication *publication;
	struct publish how;
};

static void prepare(struct step *s, const json_t *tree)
{
	*s = (struct step){
		.how = {.dir = folder, .owner = getuid(), .users_gid = 4242}};
	fixture_parse(tree, &s->snapshot);
	assert_int_equal(compiled_make(&s->snapshot, &policy,
				 &fixture_no_locals, &s->compiled),
		0);
	assert_int_equal(
		publish_prepare(&s->how, &s->compiled, &s->publication), 0);
}

static void step_done(struct step *s)
{
	publication_free(s->publication);
	compiled_done(&s->compiled);
	snapshot_done(&s->snapshot);
}

static int tell(struct step *s, void *context)
{
	_cleanup_rights_ struct rights *before = NULL;
	const struct compiled_user *const *changed;
	char path[96];
	size_t count;
	int e;

	said[0] = '\0';
	(void)snprintf(path, sizeof(path), "%s/current/rights.db", folder);
	e = rights_open(path, getuid(), &before);
	assert_true(e == 0 || e == -ENOENT);
	changed = publication_changed(s->publication, &count);
	return changes_tell(before, &s->compiled, changed, count, say, context);
}

/* Compares with what is published, then publishes. */
static void expect(const json_t *tree, const char *words)
{
	struct step s;

	prepare(&s, tree);
	assert_int_equal(tell(&s, NULL), 0);
	if (strcmp(said, words) != 0)
		fail_msg("\"%s\" instead of \"%s\"", said, words);
	assert_int_equal(publish_commit(s.publication), 0);
	step_done(&s);
}

static json_t *grant(json_t *tree, size_t i)
{
	return json_array_get(json_object_get(tree, "grants"), i);
}

static json_t *user(json_t *tree, size_t i)
{
	return json_array_get(json_object_get(tree, "users"), i);
}

static void set(json_t *object, const char *member, json_t *value)
{
	assert_int_equal(json_object_set_new(object, member, value), 0);
}

static void test_one_after_the_other(void **state)
{
	_cleanup_json_ json_t *tree = fixture_snapshot();

	expect(tree, "user+acme-tech1 +G-1 user+acme-tech2 +G-2 ");
	expect(tree, "");
	set(grant(tree, 1), "not_after", json_integer(FIXTURE_NOW + 3600));
	expect(tree, "*G-2 ");
	set(grant(tree, 1), "targets", json_pack("[s]", "hmi-1"));
	expect(tree, "*G-2 ");
	set(grant(tree, 1), "sources", json_pack("[s]", "10.0.0.0/8"));
	expect(tree, "*G-2 ");
	set(grant(tree, 0), "ticket", json_string("CHG-2"));
	expect(tree, "");
	set(grant(tree, 0), "revoked", json_true());
	expect(tree, "-G-1 ");
	expect(tree, "");
	set(grant(tree, 0), "revoked", json_false());
	expect(tree, "*G-1 ");
	json_array_append_new(json_object_get(tree, "grants"),
		fixture_grant("G-3", "acme-tech1"));
	expect(tree, "+G-3 ");
	json_array_remove(json_object_get(tree, "grants"), 0);
	expect(tree, "-G-1 ");
	set(user(tree, 1), "disabled", json_true());
	expect(tree, "-G-2 ");
	set(user(tree, 1), "disabled", json_false());
	expect(tree, "*G-2 ");
	json_array_remove(json_object_get(tree, "grants"), 0);
	json_array_remove(json_object_get(tree, "users"), 1);
	expect(tree, "-G-2 user-acme-tech2 ");
}

/* Time passes: what has ended is no longer revoked when it goes. */
static void test_ends_are_no_changes(void **state)
{
	_cleanup_json_ json_t *tree = fixture_snapshot();

	expect(tree, "user+acme-tech1 +G-1 user+acme-tech2 +G-2 ");
	set(tree, "iat", json_integer(FIXTURE_NOW + 5 * 3600));
	expect(tree, "");
	set(grant(tree, 0), "revoked", json_true());
	expect(tree, "");
	json_array_clear(json_object_get(tree, "grants"));
	expect(tree, "");
	/* One that comes already over is none either. */
	json_array_append_new(json_object_get(tree, "grants"),
		fixture_grant("G-4", "acme-tech1"));
	expect(tree, "");
	/* Extended after its end: open again. */
	set(grant(tree, 0), "not_after", json_integer(FIXTURE_NOW + 7 * 3600));
	expect(tree, "*G-4 ");
}

/* A policy that carries less takes grants away as a snapshot does. */
static void test_policy_changes(void **state)
{
	_cleanup_json_ json_t *tree = fixture_snapshot();

	expect(tree, "user+acme-tech1 +G-1 user+acme-tech2 +G-2 ");
	policy.conduits[0].protocols = 1u << PROTO_SSH;
	expect(tree, "*G-1 *G-2 ");
	policy.conduits[0].max_window_sec = 60;
	expect(tree, "-G-1 -G-2 ");
	(void)snprintf(policy.conduits[0].users[0], NAME_SIZE, "acme-tech2");
	expect(tree, "user-acme-tech1 ");
}

static void test_teller_stops_the_walk(void **state)
{
	_cleanup_json_ json_t *tree = fixture_snapshot();
	struct step s;

	prepare(&s, tree);
	assert_int_equal(tell(&s, &s), -ECANCELED);
	assert_string_equal(said, "user+acme-tech1 ");
	step_done(&s);
}

static void test_dropped_is_not_there(void **state)
{
	_cleanup_json_ json_t *tree = fixture_snapshot();
	struct step s;
	uint64_t current;
	char path[96];

	expect(tree, "user+acme-tech1 +G-1 user+acme-tech2 +G-2 ");
	set(grant(tree, 0), "revoked", json_true());
	prepare(&s, tree);
	(void)snprintf(path, sizeof(path), "%s/2", folder);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(publish_current(folder, &current), 0);
	assert_int_equal(current, 1);
	step_done(&s);
	assert_int_equal(access(path, F_OK), -1);
	expect(tree, "-G-1 ");
}

static void test_one_at_a_time(void **state)
{
	_cleanup_json_ json_t *tree = fixture_snapshot();
	struct publication *other = NULL;
	struct step s;

	prepare(&s, tree);
	assert_int_equal(publish_prepare(&s.how, &s.compiled, &other), -EBUSY);
	assert_null(other);
	assert_int_equal(publish_commit(s.publication), 0);
	step_done(&s);
	expect(tree, "");
}

/* What the gates see: one of the two windows, whole. */
static int64_t published_end(void)
{
	_cleanup_rights_ struct rights *r = NULL;
	_cleanup_rights_view_ struct rights_view v = {0};
	char path[96];

	(void)snprintf(
		path, sizeof(path), "%s/current/users/%u", folder, FIXTURE_UID);
	assert_int_equal(rights_open(path, getuid(), &r), 0);
	assert_int_equal(rights_view_load(r, FIXTURE_UID, &v), 0);
	assert_int_equal(v.grant_count, 1);
	return v.grants[0].not_after;
}

static void test_killed_at_any_time(void **state)
{
	_cleanup_json_ json_t *tree = fixture_snapshot();
	struct dice d = {7};

	expect(tree, "user+acme-tech1 +G-1 user+acme-tech2 +G-2 ");
	for (int turn = 1; turn <= 100; turn++) {
		int64_t before = published_end(), after = before + 1;
		pid_t pid;

		set(grant(tree, 0), "not_after", json_integer(after));
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			struct step s;

			prepare(&s, tree);
			(void)tell(&s, NULL);
			(void)publish_commit(s.publication);
			_exit(0);
		}
		(void)usleep(dice_roll(&d, 3000));
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		if (published_end() != before)
			assert_int_equal(published_end(), after);
	}
	set(grant(tree, 0), "revoked", json_true());
	expect(tree, "-G-1 ");
}

#define WITH_FOLDER(test)                                                      \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(test_one_after_the_other),
		WITH_FOLDER(test_ends_are_no_changes),
		WITH_FOLDER(test_policy_changes),
		WITH_FOLDER(test_teller_stops_the_walk),
		WITH_FOLDER(test_dropped_is_not_there),
		WITH_FOLDER(test_one_at_a_time),
		WITH_FOLDER(test_killed_at_any_time),
	};

	return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
