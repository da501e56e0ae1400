/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a snapshot through compiler, files and reader to a decision: the same
 * answer as the whole policy and the whole snapshot give, and no other right
 * under corruption, truncation and replacement.
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
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "grants/siphash.h"
#include "tests/unit/grants_fixture.h"

#define ROUNDS 150

static char folder[64];

static int make_folder(void **state)
{
	fixture_folder(folder);
	return 0;
}

static int remove_folder(void **state)
{
	fixture_remove(folder);
	return 0;
}

static void path_of(char path[160], const char *file)
{
	(void)snprintf(path, 160, "%s/current/%s", folder, file);
}

static void path_of_user(char path[160], uint32_t uid)
{
	(void)snprintf(path, 160, "%s/current/users/%u", folder, uid);
}

static struct rights *open_rights(const char *path)
{
	struct rights *r = NULL;
	int e = rights_open(path, getuid(), &r);

	if (e < 0)
		fail_msg("%s: %s", path, strerror(-e));
	return r;
}

static void publish_tree(json_t *tree, const struct policy *policy)
{
	_cleanup_snapshot_ struct snapshot s = {0};
	_cleanup_compiled_ struct compiled c = {0};
	struct published done;

	fixture_parse(tree, &s);
	assert_int_equal(compiled_make(&s, policy, &fixture_no_locals, &c), 0);
	fixture_publish(folder, &c, &done);
}

/* The vector of the paper's appendix A. */
static void test_siphash(void **state)
{
	uint8_t message[15];

	for (uint8_t i = 0; i < sizeof(message); i++)
		message[i] = i;
	assert_true(siphash(0x0706050403020100u, 0x0f0e0d0c0b0a0908u, message,
			    sizeof(message)) == 0xa129ca6149be45e5u);
}

static void test_nothing_published(void **state)
{
	struct rights *r = NULL;
	char path[160];

	path_of(path, "rights.db");
	assert_int_equal(rights_open(path, getuid(), &r), -ENOENT);
	assert_null(r);
}

static void test_round_trip(void **state)
{
	_cleanup_policy_ struct policy policy = {0};
	_cleanup_json_ json_t *tree = fixture_snapshot();
	_cleanup_rights_ struct rights *r = NULL;
	_cleanup_rights_view_ struct rights_view v = {0};
	const struct rights_info *info;
	struct rights_user u;
	char path[160];

	fixture_policy(&policy);
	publish_tree(tree, &policy);
	path_of(path, "rights.db");
	r = open_rights(path);
	info = rights_info(r);
	assert_int_equal(info->generation, 1);
	assert_int_equal(info->serial, 42);
	assert_int_equal(info->issued, FIXTURE_NOW);
	assert_int_equal(info->expires, FIXTURE_NOW + 3 * 86400);
	assert_string_equal(info->settings.bastion_id, "bastion1");
	assert_string_equal(info->settings.time_zone, "Europe/Berlin");
	assert_int_equal(info->settings.relay_port, 722);
	assert_int_equal(rights_user_by_name(r, "acme-tech2", &u), 0);
	assert_int_equal(u.uid, FIXTURE_UID + 1);
	assert_int_equal(u.key_count, 1);
	assert_string_equal(u.keys[0], FIXTURE_KEY);
	assert_int_equal(rights_user_by_uid(r, FIXTURE_UID, &u), 0);
	assert_string_equal(u.name, "acme-tech1");
	assert_int_equal(rights_user_by_uid(r, 5, &u), -ENOENT);
	assert_int_equal(rights_user_by_name(r, "acme-tech", &u), -ENOENT);
	assert_int_equal(rights_view_load(r, FIXTURE_UID, &v), 0);
	assert_int_equal(v.grant_count, 1);
	assert_string_equal(v.grants[0].id, "G-1");
	assert_string_equal(v.grants[0].ticket, "CHG-1");
	assert_string_equal(v.grants[0].targets[1], "plc-gw");
	assert_string_equal(v.grants[0].approvers[1], "bert");
	assert_int_equal(v.grants[0].files, FILES_UP);
	assert_int_equal(v.policy.target_count, 2);
	assert_int_equal(v.policy.zone_count, 1);
	assert_int_equal(v.policy.conduit_count, 1);
	assert_string_equal(v.policy.zones[0].description,
		policy_zone(&policy, "cell-a")->description);
	assert_string_equal(
		v.policy.targets[0].origin.file, "policy.d/cells.conf");
}

static void test_unknown_user_has_empty_view(void **state)
{
	_cleanup_policy_ struct policy policy = {0};
	_cleanup_json_ json_t *tree = fixture_snapshot();
	_cleanup_rights_ struct rights *r = NULL;
	_cleanup_rights_view_ struct rights_view v = {0};
	char path[160];

	fixture_policy(&policy);
	publish_tree(tree, &policy);
	path_of(path, "rights.db");
	r = open_rights(path);
	assert_int_equal(rights_view_load(r, FIXTURE_UID + 9, &v), 0);
	assert_int_equal(v.grant_count, 0);
	path_of_user(path, FIXTURE_UID + 9);
	rights_close(r);
	r = NULL;
	assert_int_equal(rights_open(path, getuid(), &r), -ENOENT);
}

/* users/UID names nobody but its user. */
static void test_own_file_has_no_others(void **state)
{
	_cleanup_policy_ struct policy policy = {0};
	_cleanup_json_ json_t *tree = fixture_snapshot();
	_cleanup_free_ char *bytes = malloc(65536);
	_cleanup_close_ int fd = -1;
	_cleanup_rights_ struct rights *r = NULL;
	struct rights_user u;
	char path[160];
	ssize_t n;

	fixture_policy(&policy);
	(void)snprintf(policy.conduits[0].users[1], NAME_SIZE, "bolt-*");
	policy.conduits[0].user_count = 2;
	publish_tree(tree, &policy);
	path_of_user(path, FIXTURE_UID);
	fd = open(path, O_RDONLY);
	n = fd_read_full(fd, bytes, 65536);
	assert_true(n > 0 && n < 65536);
	assert_non_null(memmem(bytes, (size_t)n, "acme-tech1", 10));
	assert_null(memmem(bytes, (size_t)n, "acme-tech2", 10));
	assert_null(memmem(bytes, (size_t)n, "bolt", 4));
	assert_null(memmem(bytes, (size_t)n, "historian", 9));
	r = open_rights(path);
	assert_int_equal(rights_user_by_uid(r, FIXTURE_UID, &u), 0);
	assert_int_equal(rights_user_by_name(r, "acme-tech1", &u), 0);
	assert_int_equal(rights_user_by_uid(r, FIXTURE_UID + 1, &u), -ENOENT);
}

/* One request of many kinds, from a number. */
struct question {
	struct request q;
	int64_t now;
};

static const char *const asked_targets[] = {
	"drive-9", "hmi-1", "hmi-2", "historian", "plc-gw", "nowhere"};

static struct question ask(
	struct dice *d, const struct snapshot_user *u, const struct snapshot *s)
{
	static const char *const sources[] = {
		"192.0.2.7", "198.51.100.1", "2001:db8::1", "::1"};
	struct question a = {
		.q = {.user = u->name, .uid = u->uid},
		.now = FIXTURE_NOW + (int64_t)dice_roll(d, 12 * 3600) - 7200,
	};

	a.q.channel = (enum channel)(1 + dice_roll(d, 3));
	a.q.target = asked_targets[dice_roll(d, ARRAY_LEN(asked_targets))];
	a.q.proto = (enum proto)(1 + dice_roll(d, PROTO_COUNT - 1));
	a.q.account = dice_roll(d, 4) ? NULL : "maint";
	a.q.recording = dice_roll(d, 3) != 0;
	a.q.files = dice_roll(d, 3) ? 0 : (uint8_t)dice_roll(d, 4);
	assert_int_equal(
		address_parse(sources[dice_roll(d, 4)], &a.q.source), 0);
	if (s->grant_count > 0 && dice_roll(d, 2)) {
		const struct grant *g =
			&s->grants[dice_roll(d, (uint32_t)s->grant_count)];
		int64_t edge = dice_roll(d, 2) ? g->not_before : g->not_after;

		a.now = edge + (int64_t)dice_roll(d, 3) - 1;
	}
	return a;
}

static int compare_start(const void *a, const void *b)
{
	const struct grant *x = a, *y = b;

	if (x->not_before != y->not_before)
		return x->not_before < y->not_before ? -1 : 1;
	return strcmp(x->id, y->id);
}

/* What a whole snapshot says of one user, in the order of the reader. */
static struct grant *grants_of(const struct snapshot *s,
	const struct snapshot_user *u, size_t *ret_count)
{
	struct grant *g = calloc(s->grant_count + 1, sizeof(*g));
	size_t n = 0;

	assert_non_null(g);
	for (size_t i = 0; i < s->grant_count; i++)
		if (strcmp(s->grants[i].user, u->name) == 0) {
			g[n] = s->grants[i];
			g[n++].revoked |= u->disabled;
		}
	qsort(g, n, sizeof(*g), compare_start);
	*ret_count = n;
	return g;
}

static const char *name_or(const char *name)
{
	return name ? name : "-";
}

/* Allowed by both under all the same terms, or by neither. */
static void assert_same_terms(
	const struct decision *a, const struct decision *b)
{
	assert_int_equal(a->allow, b->allow);
	if (!a->allow)
		return;
	assert_int_equal(a->until, b->until);
	assert_int_equal(a->port, b->port);
	assert_int_equal(a->record, b->record);
	assert_int_equal(a->files, b->files);
	assert_int_equal(a->grace_sec, b->grace_sec);
	assert_int_equal(a->otp_grace_sec, b->otp_grace_sec);
	assert_int_equal(a->max_sessions, b->max_sessions);
	assert_int_equal(a->max_connections, b->max_connections);
	assert_int_equal(a->next_open, b->next_open);
	assert_string_equal(a->grant->id, b->grant->id);
	assert_string_equal(name_or(a->target ? a->target->name : NULL),
		name_or(b->target ? b->target->name : NULL));
	assert_string_equal(a->conduit->name, b->conduit->name);
	assert_int_equal(a->origin.line, b->origin.line);
}

static bool user_was_refused(
	const struct compiled *c, const struct snapshot_user *u)
{
	for (size_t i = 0; i < c->refusal_count; i++)
		if (strcmp(c->refusals[i].user, u->name) == 0)
			return true;
	return false;
}

/* A grant that is over is not judged; targets nobody knows still go. */
static bool targets_are_known(
	const struct policy *p, const struct grant *grants, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t t = 0; t < grants[i].target_count; t++)
			if (!policy_target(p, grants[i].targets[t]))
				return false;
	return true;
}

static bool user_is_enrolled(
	const struct compiled *c, const struct snapshot_user *u)
{
	for (size_t i = 0; i < c->user_count; i++)
		if (c->users[i].from->uid == u->uid)
			return true;
	return false;
}

/* Both files of one user against policy and snapshot; yeses are counted. */
static size_t compare_user(struct dice *d, const struct policy *policy,
	const struct snapshot *whole, const struct compiled *c,
	const struct snapshot_user *u)
{
	_cleanup_rights_view_ struct rights_view all = {0}, own = {0};
	_cleanup_rights_ struct rights *r = NULL, *mine = NULL;
	_cleanup_free_ struct grant *grants = NULL;
	bool enrolled = user_is_enrolled(c, u), same_reasons;
	size_t count, allowed = 0;
	char path[160];

	grants = grants_of(whole, u, &count);
	same_reasons = !user_was_refused(c, u) &&
		       targets_are_known(policy, grants, count);
	path_of(path, "rights.db");
	r = open_rights(path);
	assert_int_equal(rights_view_load(r, u->uid, &all), 0);
	path_of_user(path, u->uid);
	if (enrolled) {
		mine = open_rights(path);
		assert_int_equal(rights_view_load(mine, u->uid, &own), 0);
	}
	for (int i = 0; i < 300; i++) {
		struct question a = ask(d, u, whole);
		struct decision want =
			policy_decide_any(policy, &a.q, grants, count, a.now);
		struct decision got = rights_decide(&all, &a.q, a.now);
		struct decision own_got = rights_decide(&own, &a.q, a.now);

		if (!enrolled) {
			assert_false(got.allow);
			continue;
		}
		assert_same_terms(&want, &got);
		assert_same_terms(&want, &own_got);
		assert_int_equal(got.reason, own_got.reason);
		if (same_reasons) {
			assert_int_equal(want.reason, got.reason);
			assert_int_equal(want.next_open, got.next_open);
		}
		allowed += got.allow;
	}
	return allowed;
}

static void test_same_decisions_as_the_originals(void **state)
{
	struct dice d = {20261123};
	size_t allowed = 0, refusals = 0;

	for (int round = 0; round < ROUNDS; round++) {
		_cleanup_policy_ struct policy policy = {0};
		_cleanup_snapshot_ struct snapshot whole = {0}, s = {0};
		_cleanup_compiled_ struct compiled c = {0};
		_cleanup_json_ json_t *tree = NULL;
		struct published done;

		fixture_random_policy(&d, &policy);
		tree = fixture_random_snapshot(&d, &policy);
		fixture_parse(tree, &whole);
		fixture_parse(tree, &s);
		assert_int_equal(
			compiled_make(&s, &policy, &fixture_no_locals, &c), 0);
		fixture_publish(folder, &c, &done);
		refusals += c.refusal_count;
		for (size_t i = 0; i < whole.user_count; i++)
			allowed += compare_user(
				&d, &policy, &whole, &c, &whole.users[i]);
	}
	/* The dice must not have agreed on no alone. */
	print_message("%zu yes, %zu refusals\n", allowed, refusals);
	assert_true(allowed > 2000);
	assert_true(refusals > 50);
}

/* Loads every user's view from a damaged file, and compares with the sound
 * one: each either fails, or is the same. Returns how often it failed. */
struct sound {
	struct rights_view view[2];
};

static bool same_rights(const struct rights_view *a,
	const struct rights_view *b, uint32_t uid, const char *name)
{
	for (size_t t = 0; t < ARRAY_LEN(asked_targets); t++) {
		struct request q = {.user = name,
			.uid = uid,
			.channel = CHANNEL_BROKERED,
			.target = asked_targets[t],
			.proto = PROTO_SSH,
			.recording = true};
		struct decision x = rights_decide(a, &q, FIXTURE_NOW);
		struct decision y = rights_decide(b, &q, FIXTURE_NOW);

		if (x.allow != y.allow || x.until != y.until)
			return false;
	}
	return true;
}

static void try_damaged(const char *path, const struct sound *sound)
{
	static const char *const names[] = {"acme-tech1", "acme-tech2"};
	struct rights *r = NULL;
	struct rights_user u;

	if (rights_open(path, getuid(), &r) < 0) {
		assert_null(r);
		return;
	}
	for (uint32_t i = 0; i < 2; i++) {
		struct rights_view v = {0};
		int e = rights_view_load(r, FIXTURE_UID + i, &v);

		/* Not found and found empty are no rights; found is the same.
		 */
		if (e == 0 && v.grant_count > 0)
			assert_true(same_rights(&v, &sound->view[i],
				FIXTURE_UID + i, names[i]));
		rights_view_done(&v);
		if (rights_user_by_uid(r, FIXTURE_UID + i, &u) == 0)
			assert_string_equal(u.name, names[i]);
		if (rights_user_by_name(r, names[i], &u) == 0)
			assert_int_equal(u.uid, FIXTURE_UID + i);
	}
	rights_close(r);
}

static char *slurp(const char *path, size_t *ret_len)
{
	_cleanup_close_ int fd = open(path, O_RDONLY);
	char *bytes = malloc(1 << 20);
	ssize_t n = fd_read_full(fd, bytes, 1 << 20);

	assert_true(n > 0);
	*ret_len = (size_t)n;
	return bytes;
}

static void spill(const char *path, const char *bytes, size_t len)
{
	_cleanup_close_ int fd =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, bytes, len), 0);
}

/* Each byte of a file changed in three ways, then each way to cut it. */
static void damage_everywhere(const char *path, const struct sound *sound)
{
	static const uint8_t masks[] = {0x01, 0x80, 0xff};
	size_t len;
	_cleanup_free_ char *bytes = slurp(path, &len);

	(void)unlink(path);
	for (size_t i = 0; i < len; i++)
		for (size_t m = 0; m < ARRAY_LEN(masks); m++) {
			bytes[i] ^= (char)masks[m];
			spill(path, bytes, len);
			try_damaged(path, sound);
			bytes[i] ^= (char)masks[m];
		}
	for (size_t cut = 0; cut < len; cut++) {
		spill(path, bytes, cut);
		try_damaged(path, sound);
	}
	spill(path, bytes, len);
}

static void test_every_damage(void **state)
{
	_cleanup_policy_ struct policy policy = {0};
	_cleanup_json_ json_t *tree = fixture_snapshot();
	_cleanup_rights_ struct rights *r = NULL;
	struct sound sound = {0};
	char path[160], info[160];

	fixture_policy(&policy);
	publish_tree(tree, &policy);
	path_of(path, "rights.db");
	path_of(info, "info");
	r = open_rights(path);
	for (uint32_t i = 0; i < 2; i++)
		assert_int_equal(
			rights_view_load(r, FIXTURE_UID + i, &sound.view[i]),
			0);
	damage_everywhere(path, &sound);
	path_of_user(path, FIXTURE_UID);
	damage_everywhere(path, &sound);
	damage_everywhere(info, &sound);
	for (size_t i = 0; i < 2; i++)
		rights_view_done(&sound.view[i]);
}

/* A whole cell in another's place is as bad as a broken one. */
static void test_swapped_cells(void **state)
{
	_cleanup_policy_ struct policy policy = {0};
	_cleanup_json_ json_t *tree = fixture_snapshot();
	struct sound sound = {0};
	_cleanup_rights_ struct rights *r = NULL;
	_cleanup_free_ char *bytes = NULL;
	char path[160], cell[64];
	size_t len;

	fixture_policy(&policy);
	publish_tree(tree, &policy);
	path_of(path, "rights.db");
	r = open_rights(path);
	for (uint32_t i = 0; i < 2; i++)
		assert_int_equal(
			rights_view_load(r, FIXTURE_UID + i, &sound.view[i]),
			0);
	bytes = slurp(path, &len);
	(void)unlink(path);
	for (size_t a = 0; a < len; a += 64)
		for (size_t b = 0; b < a; b += 64) {
			memcpy(cell, bytes + a, 64);
			memcpy(bytes + a, bytes + b, 64);
			spill(path, bytes, len);
			try_damaged(path, &sound);
			memcpy(bytes + a, cell, 64);
		}
	for (size_t i = 0; i < 2; i++)
		rights_view_done(&sound.view[i]);
}

static void test_files_of_others_are_refused(void **state)
{
	_cleanup_policy_ struct policy policy = {0};
	_cleanup_json_ json_t *tree = fixture_snapshot();
	struct rights *r = NULL;
	char path[160], other[160];

	fixture_policy(&policy);
	publish_tree(tree, &policy);
	path_of(path, "rights.db");
	assert_int_equal(rights_open(path, getuid() + 1, &r), -EPERM);
	assert_int_equal(chmod(path, 0660), 0);
	assert_int_equal(rights_open(path, getuid(), &r), -EPERM);
	/* One user's file in the name of another: bound to its uid. */
	path_of_user(path, FIXTURE_UID);
	path_of_user(other, FIXTURE_UID + 1);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(link(path, other), 0);
	r = open_rights(other);
	{
		_cleanup_rights_view_ struct rights_view v = {0};

		assert_int_equal(rights_view_load(r, FIXTURE_UID + 1, &v), 0);
		assert_int_equal(v.grant_count, 0);
	}
	rights_close(r);
}

static void test_unchanged_users_keep_their_files(void **state)
{
	_cleanup_policy_ struct policy policy = {0};
	_cleanup_json_ json_t *tree = fixture_snapshot();
	_cleanup_rights_ struct rights *r = NULL;
	struct published done;
	struct stat before[2], after[2];
	char path[160];

	fixture_policy(&policy);
	publish_tree(tree, &policy);
	for (uint32_t i = 0; i < 2; i++) {
		path_of_user(path, FIXTURE_UID + i);
		assert_int_equal(stat(path, &before[i]), 0);
	}
	json_object_set_new(tree, "serial", json_integer(43));
	json_object_set_new(json_array_get(json_object_get(tree, "grants"), 1),
		"not_after", json_integer(FIXTURE_NOW + 3 * 3600));
	{
		_cleanup_snapshot_ struct snapshot s = {0};
		_cleanup_compiled_ struct compiled c = {0};

		fixture_parse(tree, &s);
		assert_int_equal(
			compiled_make(&s, &policy, &fixture_no_locals, &c), 0);
		fixture_publish(folder, &c, &done);
	}
	assert_int_equal(done.files_written, 1);
	assert_int_equal(done.files_kept, 1);
	for (uint32_t i = 0; i < 2; i++) {
		path_of_user(path, FIXTURE_UID + i);
		assert_int_equal(stat(path, &after[i]), 0);
	}
	assert_true(before[0].st_ino == after[0].st_ino);
	assert_true(before[1].st_ino != after[1].st_ino);
	/* The kept file belongs to the new generation all the same. */
	path_of_user(path, FIXTURE_UID);
	r = open_rights(path);
	assert_int_equal(rights_info(r)->serial, 43);
	assert_int_equal(rights_info(r)->generation, done.generation);
}

static void test_old_generations_go(void **state)
{
	_cleanup_policy_ struct policy policy = {0};
	_cleanup_json_ json_t *tree = fixture_snapshot();
	uint64_t current;
	char path[160];

	fixture_policy(&policy);
	for (int i = 0; i < 4; i++)
		publish_tree(tree, &policy);
	assert_int_equal(publish_current(folder, &current), 0);
	assert_int_equal(current, 4);
	for (unsigned int i = 1; i <= 4; i++) {
		(void)snprintf(path, sizeof(path), "%s/%u", folder, i);
		assert_int_equal(access(path, F_OK), i < 3 ? -1 : 0);
	}
	/* What a run left half made is neither used nor in the way. */
	(void)snprintf(path, sizeof(path), "%s/9", folder);
	assert_int_equal(mkdir(path, 0755), 0);
	publish_tree(tree, &policy);
	assert_int_equal(publish_current(folder, &current), 0);
	assert_int_equal(current, 10);
	assert_int_equal(access(path, F_OK), -1);
}

/* Two grants that come and go together: no reader ever sees one alone. */
static void read_for_ever(void)
{
	char all[160], own[160];

	path_of(all, "rights.db");
	path_of_user(own, FIXTURE_UID);
	for (unsigned int n = 0;; n++) {
		struct rights *r = NULL;
		struct rights_view v = {0};
		int e = rights_open(n % 2 ? all : own, getuid(), &r);

		if (e < 0 || rights_view_load(r, FIXTURE_UID, &v) < 0)
			_exit(100 - e);
		if (v.grant_count != 2 ||
			v.grants[0].not_after != v.grants[1].not_after)
			_exit(3);
		if ((int64_t)rights_info(r)->serial <
			v.grants[0].not_after - FIXTURE_NOW - 7200)
			_exit(4);
		rights_view_done(&v);
		rights_close(r);
	}
}

static void test_replacement_under_readers(void **state)
{
	_cleanup_policy_ struct policy policy = {0};
	_cleanup_json_ json_t *tree = fixture_snapshot();
	json_t *grants = json_object_get(tree, "grants");
	pid_t readers[3];

	fixture_policy(&policy);
	json_object_set_new(
		json_array_get(grants, 1), "user", json_string("acme-tech1"));
	for (int turn = 0; turn < 400; turn++) {
		for (size_t g = 0; g < 2; g++)
			json_object_set_new(json_array_get(grants, g),
				"not_after",
				json_integer(FIXTURE_NOW + 7200 + turn));
		json_object_set_new(tree, "serial", json_integer(turn + 1));
		publish_tree(tree, &policy);
		for (size_t i = 0; turn == 0 && i < ARRAY_LEN(readers); i++) {
			readers[i] = fork();
			assert_true(readers[i] >= 0);
			if (readers[i] == 0)
				read_for_ever();
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
		int status;

		assert_int_equal(kill(readers[i], SIGTERM), 0);
		assert_int_equal(waitpid(readers[i], &status, 0), readers[i]);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGTERM)
			fail_msg("a reader ended with %x", status);
	}
}

/* What the gates see: one of the two windows, whole. */
static int64_t published_end(void)
{
	_cleanup_rights_ struct rights *r = NULL;
	_cleanup_rights_view_ struct rights_view v = {0};
	char path[160];

	path_of_user(path, FIXTURE_UID);
	r = open_rights(path);
	assert_int_equal(rights_view_load(r, FIXTURE_UID, &v), 0);
	assert_int_equal(v.grant_count, 1);
	return v.grants[0].not_after;
}

static void test_killed_at_any_time(void **state)
{
	_cleanup_policy_ struct policy policy = {0};
	_cleanup_json_ json_t *tree = fixture_snapshot();
	json_t *grant = json_array_get(json_object_get(tree, "grants"), 0);
	size_t old = 0, new = 0;
	struct dice d = {7};

	fixture_policy(&policy);
	publish_tree(tree, &policy);
	for (int turn = 0; turn < 150; turn++) {
		int64_t before = published_end(), now;
		pid_t pid;

		json_object_set_new(
			grant, "not_after", json_integer(before + 1));
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			publish_tree(tree, &policy);
			_exit(0);
		}
		(void)usleep(dice_roll(&d, 4000));
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		now = published_end();
		assert_true(now == before || now == before + 1);
		old += now == before;
		new += now != before;
	}
	print_message("killed before %zu, after %zu\n", old, new);
	publish_tree(tree, &policy);
	assert_int_equal(published_end(),
		json_integer_value(json_object_get(grant, "not_after")));
}

static void test_one_at_a_time(void **state)
{
	_cleanup_policy_ struct policy policy = {0};
	_cleanup_json_ json_t *tree = fixture_snapshot();
	_cleanup_snapshot_ struct snapshot s = {0};
	_cleanup_compiled_ struct compiled c = {0};
	struct publish how = {
		.dir = folder, .owner = getuid(), .users_gid = 4242};
	_cleanup_close_ int dir = open(folder, O_RDONLY | O_DIRECTORY);
	struct published done;

	fixture_policy(&policy);
	fixture_parse(tree, &s);
	assert_int_equal(compiled_make(&s, &policy, &fixture_no_locals, &c), 0);
	assert_int_equal(flock(dir, LOCK_EX), 0);
	assert_int_equal(publish_generation(&how, &c, &done), -EBUSY);
	assert_int_equal(flock(dir, LOCK_UN), 0);
	assert_int_equal(publish_generation(&how, &c, &done), 0);
}

/* Prepared and dropped was never there. */
static void test_dropped_is_not_there(void **state)
{
	_cleanup_policy_ struct policy policy = {0};
	_cleanup_json_ json_t *tree = fixture_snapshot();
	_cleanup_snapshot_ struct snapshot s = {0};
	_cleanup_compiled_ struct compiled c = {0};
	struct publish how = {
		.dir = folder, .owner = getuid(), .users_gid = 4242};
	struct publication *p = NULL;
	uint64_t current;
	char path[160];

	fixture_policy(&policy);
	publish_tree(tree, &policy);
	fixture_parse(tree, &s);
	assert_int_equal(compiled_make(&s, &policy, &fixture_no_locals, &c), 0);
	assert_int_equal(publish_prepare(&how, &c, &p), 0);
	assert_int_equal(publication_info(p)->generation, 2);
	(void)snprintf(path, sizeof(path), "%s/2/rights.db", folder);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(publish_current(folder, &current), 0);
	assert_int_equal(current, 1);
	publication_free(p);
	(void)snprintf(path, sizeof(path), "%s/2", folder);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(publish_current(folder, &current), 0);
	assert_int_equal(current, 1);
}

/* A publication that fails leaves what was published, and nothing else. */
static void test_failing_is_no_change(void **state)
{
	_cleanup_policy_ struct policy policy = {0};
	_cleanup_json_ json_t *tree = fixture_snapshot();
	_cleanup_snapshot_ struct snapshot s = {0};
	_cleanup_compiled_ struct compiled c = {0};
	struct publish how = {.dir = folder, .owner = getuid()};
	struct published done;
	uint64_t current;
	char path[160];

	fixture_policy(&policy);
	publish_tree(tree, &policy);
	fixture_parse(tree, &s);
	assert_int_equal(compiled_make(&s, &policy, &fixture_no_locals, &c), 0);
	/* users.db takes no gid of 0 for its group. */
	assert_int_equal(publish_generation(&how, &c, &done), -EINVAL);
	assert_int_equal(publish_current(folder, &current), 0);
	assert_int_equal(current, 1);
	(void)snprintf(path, sizeof(path), "%s/2", folder);
	assert_int_equal(access(path, F_OK), -1);
}

static void test_target_at_address(void **state)
{
	_cleanup_policy_ struct policy policy = {0};
	_cleanup_json_ json_t *tree = fixture_snapshot();
	_cleanup_rights_ struct rights *r = NULL;
	_cleanup_rights_view_ struct rights_view v = {0};
	const struct target *hmi;
	struct address elsewhere;
	enum proto proto = PROTO_NONE;
	char path[160];

	fixture_policy(&policy);
	publish_tree(tree, &policy);
	path_of(path, "rights.db");
	r = open_rights(path);
	assert_int_equal(rights_view_load(r, FIXTURE_UID, &v), 0);
	hmi = rights_target_at(
		&v, &policy_target(&policy, "hmi-1")->addresses[0], 22, &proto);
	assert_non_null(hmi);
	assert_string_equal(hmi->name, "hmi-1");
	assert_int_equal(proto, PROTO_SSH);
	assert_null(rights_target_at(&v, &hmi->addresses[0], 24, &proto));
	assert_int_equal(address_parse("10.9.9.9", &elsewhere), 0);
	assert_null(rights_target_at(&v, &elsewhere, 22, &proto));
	assert_null(rights_target_at(&v,
		&policy_target(&policy, "historian")->addresses[0], 22,
		&proto));
}

static void add_protocols(struct policy *p, const char *name, const char *words)
{
	struct target *t = (struct target *)policy_target(p, name);

	memset(&t->protocols, 0, sizeof(t->protocols));
	assert_int_equal(proto_set_parse(words, &t->protocols), 0);
}

/* Each port is found, and says which of several it is. */
static void test_ports_at_address(void **state)
{
	_cleanup_policy_ struct policy policy = {0};
	_cleanup_json_ json_t *tree = fixture_snapshot();
	_cleanup_rights_ struct rights *r = NULL;
	_cleanup_rights_view_ struct rights_view v = {0};
	const struct address *at;
	enum proto proto = PROTO_NONE;
	struct target *hmi;
	char path[160];

	fixture_policy(&policy);
	add_protocols(&policy, "hmi-1", "ssh https tcp/502 tcp/4840");
	hmi = (struct target *)policy_target(&policy, "hmi-1");
	hmi->port[PROTO_HTTPS][1] = 8443;
	at = &hmi->addresses[0];
	publish_tree(tree, &policy);
	path_of_user(path, FIXTURE_UID);
	r = open_rights(path);
	assert_int_equal(rights_view_load(r, FIXTURE_UID, &v), 0);
	assert_non_null(rights_target_at(&v, at, 502, &proto));
	assert_int_equal(proto, PROTO_TCP);
	assert_non_null(rights_target_at(&v, at, 4840, &proto));
	assert_int_equal(proto, PROTO_TCP);
	assert_non_null(rights_target_at(&v, at, 8443, &proto));
	assert_int_equal(proto, PROTO_HTTPS);
	assert_non_null(rights_target_at(&v, at, 443, &proto));
	assert_int_equal(proto, PROTO_HTTPS);
	assert_null(rights_target_at(&v, at, 503, &proto));
	assert_null(rights_target_at(&v, at, 0, &proto));
}

static void set_via(struct policy *p, const char *name, const char *via)
{
	struct target *t = (struct target *)policy_target(p, name);

	(void)snprintf(t->via, sizeof(t->via), "%s", via);
}

/* plc-gw is granted; hmi-2 and drive-9 are there, and nothing of them open. */
static void expect_hops(const char *path, const struct policy *policy)
{
	_cleanup_rights_view_ struct rights_view v = {0};
	_cleanup_rights_ struct rights *r = open_rights(path);
	const struct target *plc, *hop;
	enum proto proto = PROTO_NONE;
	struct request q = {.user = "acme-tech1",
		.uid = FIXTURE_UID,
		.channel = CHANNEL_BROKERED,
		.target = "hmi-2",
		.proto = PROTO_SSH,
		.recording = true};

	assert_int_equal(rights_view_load(r, FIXTURE_UID, &v), 0);
	assert_int_equal(v.policy.target_count, 4);
	plc = policy_target(&v.policy, "plc-gw");
	assert_string_equal(plc->via, "hmi-2");
	assert_false(plc->hop_only);
	hop = policy_target(&v.policy, plc->via);
	assert_string_equal(hop->via, "drive-9");
	assert_true(hop->hop_only);
	assert_true(policy_target(&v.policy, "drive-9")->hop_only);
	assert_string_equal(policy_target(&v.policy, "drive-9")->via, "");
	assert_false(policy_target(&v.policy, "hmi-1")->hop_only);
	assert_null(rights_target_at(&v,
		&policy_target(policy, "hmi-2")->addresses[0], 22, &proto));
	assert_int_equal(
		rights_decide(&v, &q, FIXTURE_NOW + 60).reason, REASON_TARGET);
	q.target = "plc-gw";
	assert_true(rights_decide(&v, &q, FIXTURE_NOW + 60).allow);
	/* No tunnel goes behind another target. */
	q.channel = CHANNEL_TUNNEL;
	assert_int_equal(rights_decide(&v, &q, FIXTURE_NOW + 60).reason,
		REASON_PROTOCOL);
}

static void test_hops_come_with_what_is_behind(void **state)
{
	_cleanup_policy_ struct policy policy = {0};
	_cleanup_json_ json_t *tree = fixture_snapshot();
	char path[160];

	fixture_policy(&policy);
	set_via(&policy, "plc-gw", "hmi-2");
	set_via(&policy, "hmi-2", "drive-9");
	publish_tree(tree, &policy);
	path_of(path, "rights.db");
	expect_hops(path, &policy);
	path_of_user(path, FIXTURE_UID);
	expect_hops(path, &policy);
}

/* A writer's mistake. */
static void test_a_circle_of_hops_ends(void **state)
{
	_cleanup_policy_ struct policy policy = {0};
	_cleanup_json_ json_t *tree = fixture_snapshot();
	_cleanup_rights_view_ struct rights_view v = {0};
	_cleanup_rights_ struct rights *r = NULL;
	char path[160];

	fixture_policy(&policy);
	set_via(&policy, "plc-gw", "hmi-2");
	set_via(&policy, "hmi-2", "hmi-2");
	publish_tree(tree, &policy);
	path_of(path, "rights.db");
	r = open_rights(path);
	/* It ends: whether it may be used, the policy's checks have said. */
	assert_int_equal(rights_view_load(r, FIXTURE_UID, &v), 0);
	assert_int_equal(v.policy.target_count, 3);
}

#define WITH_FOLDER(test)                                                      \
	cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_siphash),
		WITH_FOLDER(test_nothing_published),
		WITH_FOLDER(test_round_trip),
		WITH_FOLDER(test_unknown_user_has_empty_view),
		WITH_FOLDER(test_own_file_has_no_others),
		WITH_FOLDER(test_same_decisions_as_the_originals),
		WITH_FOLDER(test_every_damage),
		WITH_FOLDER(test_swapped_cells),
		WITH_FOLDER(test_files_of_others_are_refused),
		WITH_FOLDER(test_unchanged_users_keep_their_files),
		WITH_FOLDER(test_old_generations_go),
		WITH_FOLDER(test_replacement_under_readers),
		WITH_FOLDER(test_killed_at_any_time),
		WITH_FOLDER(test_one_at_a_time),
		WITH_FOLDER(test_dropped_is_not_there),
		WITH_FOLDER(test_failing_is_no_change),
		WITH_FOLDER(test_target_at_address),
		WITH_FOLDER(test_ports_at_address),
		WITH_FOLDER(test_hops_come_with_what_is_behind),
		WITH_FOLDER(test_a_circle_of_hops_ends),
	};

	return cmocka_run_group_tests_name("rights", tests, NULL, NULL);
}
