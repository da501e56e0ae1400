/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The store on a real database file: migrations from nothing and from a
 * database of tomorrow, races of decisions, uids given out once, tokens used
 * once, and a decision log that shows every change.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include "approvals/store/bastions.h"
#include "approvals/store/log.h"
#include "approvals/store/people.h"
#include "approvals/store/snapshots.h"
#include "approvals/store/store.h"
#include "approvals/store/suppliers.h"
#include "approvals/store/visits.h"
#include "base/cleanup.h"

#define NOW 1795464000

struct fixture {
	char dir[64];
	char path[96];
	struct db *db;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	snprintf(f->dir, sizeof(f->dir), "/tmp/jump-store-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/approvals.db", f->dir);
	if (db_open(f->path, &f->db) < 0 || store_migrate(f->db) < 1)
		return -1;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	struct fixture *f = *state;
	char path[128];

	db_close(f->db);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		snprintf(path, sizeof(path), "%s%s", f->path, ends[i]);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

#define OK(call) assert_int_equal(call, 0)

static void begin(struct fixture *f, struct db_tx *ret_tx)
{
	if (db_begin(f->db, ret_tx) < 0)
		fail_msg("begin: %s", db_error(f->db));
}

/* One bastion, one supplier, people, one pending visit. */
static void populate(struct fixture *f, char ret_id[ID_SIZE])
{
	_cleanup_db_tx_ struct db_tx tx = {0};
	char words[] = "plc-gw", protocols[] = "ssh", text[] = "x", none[] = "";
	struct visit v = {.bastion = "bastion1",
		.supplier = "acme-tech1",
		.requester = "rita",
		.state = VISIT_PENDING,
		.targets = words,
		.protocols = protocols,
		.account = "maint",
		.not_before = NOW,
		.not_after = NOW + 3600,
		.purpose = text,
		.sources = none};
	uint32_t uid;

	begin(f, &tx);
	OK(store_person_put(&tx, "rita", ROLE_REQUESTER, NOW));
	OK(store_person_put(&tx, "anna", ROLE_APPROVER, NOW));
	OK(store_person_put(&tx, "bert", ROLE_APPROVER, NOW));
	OK(store_bastion_enrol(&tx, "bastion1", "{}", NOW));
	OK(store_supplier_add(
		&tx, "acme-tech1", "Tech", 1900000000, 1900000002, NOW, &uid));
	OK(store_visit_add(&tx, &v, NOW * 1000LL));
	memcpy(ret_id, v.id, ID_SIZE);
	OK(db_commit(&tx));
}

static void test_migrate_again(void **state)
{
	struct fixture *f = *state;
	_cleanup_db_ struct db *second = NULL;

	assert_int_equal(store_migrate(f->db), 1);
	OK(db_open(f->path, &second));
	assert_int_equal(store_migrate(second), 1);
}

static void test_later_schema_is_refused(void **state)
{
	struct fixture *f = *state;
	_cleanup_db_tx_ struct db_tx tx = {0};

	begin(f, &tx);
	OK(db_script(&tx, "INSERT INTO schema_version VALUES (9999)"));
	OK(db_commit(&tx));
	assert_int_equal(store_migrate(f->db), -EPROTO);
}

static void test_not_a_database(void **state)
{
	struct fixture *f = *state;
	_cleanup_db_ struct db *other = NULL;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/other", f->dir);
	file = fopen(path, "w");
	assert_non_null(file);
	for (int i = 0; i < 5000; i++)
		fputc('x', file);
	fclose(file);
	assert_int_equal(db_open(path, &other), -EBADMSG);
	assert_null(other);
	(void)unlink(path);
}

static void test_rollback(void **state)
{
	struct fixture *f = *state;
	struct person p;

	{
		_cleanup_db_tx_ struct db_tx tx = {0};

		begin(f, &tx);
		OK(store_person_put(&tx, "anna", ROLE_APPROVER, NOW));
	}
	{
		_cleanup_db_tx_ struct db_tx tx = {0};

		begin(f, &tx);
		assert_int_equal(store_person_get(&tx, "anna", &p), -ENOENT);
	}
}

static void test_people(void **state)
{
	struct fixture *f = *state;
	_cleanup_db_tx_ struct db_tx tx = {0};
	struct holder_of anna = {HOLDER_PERSON, "anna"}, found;
	struct holder_of bastion = {HOLDER_BASTION, "anna"};
	struct person p;

	begin(f, &tx);
	OK(store_person_put(&tx, "anna", ROLE_APPROVER, NOW));
	OK(store_certificate_add(&tx, "aa", &anna, NOW, NOW + 10));
	OK(store_certificate_add(&tx, "bb", &bastion, NOW, NOW + 10));
	assert_int_equal(store_certificate_add(&tx, "aa", &anna, NOW, NOW + 10),
		-EEXIST);
	OK(store_certificate_find(&tx, "aa", NOW, &found));
	assert_int_equal(found.kind, HOLDER_PERSON);
	assert_string_equal(found.name, "anna");
	assert_int_equal(
		store_certificate_find(&tx, "aa", NOW + 10, &found), -ENOENT);
	assert_int_equal(store_certificate_find(&tx, "", NOW, &found), -ENOENT);
	OK(store_person_disable(&tx, "anna"));
	assert_int_equal(
		store_certificate_find(&tx, "aa", NOW, &found), -ENOENT);
	OK(store_certificate_find(&tx, "bb", NOW, &found));
	OK(store_person_get(&tx, "anna", &p));
	assert_false(p.active);
	assert_int_equal(store_person_disable(&tx, "nobody"), -ENOENT);
}

static void test_token_once(void **state)
{
	struct fixture *f = *state;
	_cleanup_db_tx_ struct db_tx tx = {0};
	char bastion[NAME_SIZE];

	begin(f, &tx);
	OK(store_token_add(&tx, "h1", "bastion1", NOW, NOW + 60));
	OK(store_token_add(&tx, "h2", "bastion2", NOW, NOW + 60));
	OK(store_token_find(&tx, "h1", NOW + 59, bastion));
	assert_string_equal(bastion, "bastion1");
	assert_int_equal(
		store_token_find(&tx, "h1", NOW + 60, bastion), -ENOENT);
	assert_int_equal(store_token_find(&tx, "hx", NOW, bastion), -ENOENT);
	OK(store_token_use(&tx, "h1", NOW));
	assert_int_equal(store_token_use(&tx, "h1", NOW), -ENOENT);
	assert_int_equal(store_token_find(&tx, "h1", NOW, bastion), -ENOENT);
	assert_int_equal(store_token_use(&tx, "h2", NOW + 60), -ENOENT);
}

static void test_uids_once(void **state)
{
	struct fixture *f = *state;
	_cleanup_db_tx_ struct db_tx tx = {0};
	uint32_t uid = 0;

	begin(f, &tx);
	for (uint32_t i = 0; i < 3; i++) {
		char name[] = "acme-x";

		name[5] = (char)('a' + i);
		OK(store_supplier_add(
			&tx, name, "", 1900000000, 1900000002, NOW, &uid));
		assert_int_equal(uid, 1900000000 + i);
	}
	assert_int_equal(store_supplier_add(&tx, "acme-y", "", 1900000000,
				 1900000002, NOW, &uid),
		-ERANGE);
	/* The range was moved up: on from there. */
	OK(store_supplier_add(
		&tx, "acme-z", "", 1900000010, 1900000020, NOW, &uid));
	assert_int_equal(uid, 1900000010);
	assert_int_equal(store_supplier_add(&tx, "acme-z", "", 1900000010,
				 1900000020, NOW, &uid),
		-EEXIST);
}

static int count_keys(
	void *arg, const char *supplier, const char *line, const char *print)
{
	(*(int *)arg)++;
	return 0;
}

static void test_key_belongs_to_one(void **state)
{
	struct fixture *f = *state;
	_cleanup_db_tx_ struct db_tx tx = {0};
	uint32_t uid;
	int count = 0;

	begin(f, &tx);
	OK(store_supplier_add(
		&tx, "acme-a", "", 1900000000, 1900000009, NOW, &uid));
	OK(store_supplier_add(
		&tx, "acme-b", "", 1900000000, 1900000009, NOW, &uid));
	OK(store_key_add(&tx, "acme-a", "SHA256:x", "l", "adam", NOW));
	assert_int_equal(
		store_key_add(&tx, "acme-b", "SHA256:x", "l", "adam", NOW),
		-EEXIST);
	assert_int_equal(
		store_key_add(&tx, "acme-a", "SHA256:x", "l", "adam", NOW),
		-EEXIST);
	assert_int_equal(store_key_remove(&tx, "acme-b", "SHA256:x"), -ENOENT);
	OK(store_key_remove(&tx, "acme-a", "SHA256:x"));
	/* Removed, and still nobody else's. */
	assert_int_equal(
		store_key_add(&tx, "acme-b", "SHA256:x", "l", "adam", NOW),
		-EEXIST);
	OK(store_key_list(&tx, NULL, count_keys, &count));
	assert_int_equal(count, 0);
	OK(store_key_add(&tx, "acme-a", "SHA256:x", "l", "adam", NOW));
	OK(store_key_list(&tx, "acme-a", count_keys, &count));
	assert_int_equal(count, 1);
	assert_int_equal(
		store_key_add(&tx, "nobody", "SHA256:y", "l", "adam", NOW),
		-EEXIST); /* the reference holds */
}

static void test_visit_moves_once(void **state)
{
	struct fixture *f = *state;
	_cleanup_db_tx_ struct db_tx tx = {0};
	_cleanup_visit_ struct visit a = {0}, b = {0}, c = {0};
	char id[ID_SIZE];

	populate(f, id);
	begin(f, &tx);
	OK(store_visit_get(&tx, id, &a));
	OK(store_visit_get(&tx, id, &b));
	assert_int_equal(a.version, 1);
	assert_string_equal(a.targets, "plc-gw");
	a.state = VISIT_APPROVED;
	OK(store_visit_move(&tx, &a, VISIT_PENDING));
	assert_int_equal(a.version, 2);
	b.state = VISIT_DENIED;
	assert_int_equal(store_visit_move(&tx, &b, VISIT_PENDING), -ESTALE);
	b.version = 2;
	assert_int_equal(store_visit_move(&tx, &b, VISIT_PENDING), -ESTALE);
	OK(store_visit_get(&tx, id, &c));
	assert_int_equal(c.state, VISIT_APPROVED);
	assert_int_equal(store_visit_get(&tx, "nope", &c), -ENOENT);
}

/* Threads that read, then decide in a transaction of their own: one wins. */
struct racer {
	struct fixture *f;
	struct visit visit;
	int result;
};

static void *race(void *arg)
{
	struct racer *r = arg;
	_cleanup_db_tx_ struct db_tx tx = {0};

	r->result = db_begin(r->f->db, &tx);
	if (r->result == 0)
		r->result = store_visit_move(&tx, &r->visit, VISIT_PENDING);
	if (r->result == 0)
		r->result = db_commit(&tx);
	return NULL;
}

static void test_visit_race(void **state)
{
	struct fixture *f = *state;
	struct racer racers[8] = {0};
	pthread_t threads[8];
	char id[ID_SIZE];
	int won = 0;

	populate(f, id);
	for (size_t i = 0; i < ARRAY_LEN(racers); i++) {
		_cleanup_db_tx_ struct db_tx tx = {0};

		racers[i].f = f;
		begin(f, &tx);
		OK(store_visit_get(&tx, id, &racers[i].visit));
		racers[i].visit.state = i % 2 ? VISIT_APPROVED : VISIT_DENIED;
	}
	for (size_t i = 0; i < ARRAY_LEN(racers); i++)
		OK(pthread_create(&threads[i], NULL, race, &racers[i]));
	for (size_t i = 0; i < ARRAY_LEN(racers); i++) {
		OK(pthread_join(threads[i], NULL));
		if (racers[i].result == 0)
			won++;
		else
			assert_int_equal(racers[i].result, -ESTALE);
		visit_done(&racers[i].visit);
	}
	assert_int_equal(won, 1);
}

static int count_approvals(
	void *arg, const char *visit, const struct approval *a)
{
	(*(int *)arg)++;
	return 0;
}

static void test_approvals_are_distinct(void **state)
{
	struct fixture *f = *state;
	_cleanup_db_tx_ struct db_tx tx = {0};
	_cleanup_visit_ struct visit v = {0};
	struct approval anna = {"anna", "::1", NOW},
			bert = {"bert", "::1", NOW};
	char id[ID_SIZE];
	int count = 0;

	populate(f, id);
	begin(f, &tx);
	OK(store_visit_get(&tx, id, &v));
	OK(store_approval_add(&tx, &v, &anna));
	assert_int_equal(store_approval_add(&tx, &v, &anna), -EEXIST);
	OK(store_approval_add(&tx, &v, &bert));
	OK(store_approval_list(&tx, id, 1, count_approvals, &count));
	assert_int_equal(count, 2);
	count = 0;
	OK(store_approval_list_open(
		&tx, "bastion1", NOW, count_approvals, &count));
	assert_int_equal(count, 0); /* not open yet */
	v.state = VISIT_APPROVED;
	v.open_round = v.round;
	v.round = 2;
	OK(store_visit_move(&tx, &v, VISIT_PENDING));
	OK(store_approval_list_open(
		&tx, "bastion1", NOW, count_approvals, &count));
	assert_int_equal(count, 2);
	OK(store_approval_add(&tx, &v, &anna)); /* the next round */
}

static void test_serial_never_back(void **state)
{
	struct fixture *f = *state;
	_cleanup_db_tx_ struct db_tx tx = {0};
	_cleanup_snapshot_row_ struct snapshot_row got = {0};
	char text[] = "a.b.c";
	struct snapshot_row s = {.serial = 7, .kid = "k", .jws = text};
	char id[ID_SIZE];

	populate(f, id);
	begin(f, &tx);
	assert_int_equal(store_snapshot_get(&tx, "bastion1", &got), -ENOENT);
	OK(store_snapshot_put(&tx, "bastion1", &s));
	assert_int_equal(store_snapshot_put(&tx, "bastion1", &s), -ESTALE);
	s.serial = 6;
	assert_int_equal(store_snapshot_put(&tx, "bastion1", &s), -ESTALE);
	s.serial = 8;
	OK(store_snapshot_put(&tx, "bastion1", &s));
	OK(store_snapshot_get(&tx, "bastion1", &got));
	assert_int_equal(got.serial, 8);
	assert_string_equal(got.jws, "a.b.c");
}

static int take_otp(
	void *arg, const char *supplier, const char *bastion, const char *otp)
{
	snprintf(arg, 16, "%s", otp);
	return 0;
}

static void test_new_key_drops_seals(void **state)
{
	struct fixture *f = *state;
	_cleanup_db_tx_ struct db_tx tx = {0};
	_cleanup_bastion_ struct bastion b = {0};
	char id[ID_SIZE], otp[16] = "";

	populate(f, id);
	begin(f, &tx);
	OK(store_enrolment_put(&tx, "acme-tech1", "bastion1", "seal", NOW));
	OK(store_bastions_touch_of(&tx, "acme-tech1"));
	OK(store_enrolment_list(&tx, NULL, "bastion1", take_otp, otp));
	assert_string_equal(otp, "seal");
	OK(store_bastion_revoke(&tx, "bastion1"));
	OK(store_bastion_enrol(&tx, "bastion1", "{\"new\":1}", NOW));
	OK(store_enrolment_list(&tx, NULL, "bastion1", take_otp, otp));
	assert_string_equal(otp, "");
	OK(store_bastion_get(&tx, "bastion1", &b));
	assert_true(b.enrolled);
	assert_int_equal(b.revision, 3);
	assert_string_equal(b.seal_jwk, "{\"new\":1}");
}

static void append_some(struct fixture *f, int count)
{
	_cleanup_db_tx_ struct db_tx tx = {0};
	char hash[DIGEST_SIZE];

	begin(f, &tx);
	for (int i = 0; i < count; i++) {
		_cleanup_json_ json_t *detail = json_pack("{s:i}", "n", i);
		struct log_fact fact = {.at = NOW + i,
			.who = "anna",
			.source = "192.0.2.1",
			.what = "approve",
			.object = "x",
			.detail = detail};

		OK(store_log_append(&tx, &fact, hash));
	}
	OK(db_commit(&tx));
}

static void test_log_chain(void **state)
{
	struct fixture *f = *state;
	_cleanup_db_tx_ struct db_tx tx = {0};
	int64_t seq = 0;

	append_some(f, 5);
	begin(f, &tx);
	OK(store_log_verify(&tx, &seq));
	assert_int_equal(seq, 5);
	assert_int_equal(
		db_script(&tx, "UPDATE decision_log SET who = 'x'"), -EEXIST);
	assert_int_equal(db_script(&tx, "DELETE FROM decision_log"), -EEXIST);
	OK(store_log_verify(&tx, &seq));
}

/* Each column of a row in the middle changed behind our back, a row taken
 * out, the last one kept: the chain says which row. */
static void test_log_shows_tampering(void **state)
{
	static const struct {
		const char *sql;
		int64_t seq;
	} rows[] = {
		{"UPDATE decision_log SET who = 'bert' WHERE seq = 3", 3},
		{"UPDATE decision_log SET at = at + 1 WHERE seq = 3", 3},
		{"UPDATE decision_log SET source = '::' WHERE seq = 3", 3},
		{"UPDATE decision_log SET what = 'deny' WHERE seq = 3", 3},
		{"UPDATE decision_log SET object = 'y' WHERE seq = 3", 3},
		{"UPDATE decision_log SET detail = '{}' WHERE seq = 3", 3},
		{"UPDATE decision_log SET prev = '' WHERE seq = 3", 3},
		{"UPDATE decision_log SET hash = prev WHERE seq = 3", 3},
		{"DELETE FROM decision_log WHERE seq = 3", 3},
		{"DELETE FROM decision_log WHERE seq = 1", 1},
	};
	struct fixture *f = *state;

	append_some(f, 5);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		_cleanup_db_tx_ struct db_tx tx = {0};
		int64_t seq = 0;

		begin(f, &tx);
		OK(db_script(&tx, "DROP TRIGGER decision_log_update"));
		OK(db_script(&tx, "DROP TRIGGER decision_log_delete"));
		OK(db_script(&tx, rows[i].sql));
		assert_int_equal(store_log_verify(&tx, &seq), -EBADMSG);
		assert_int_equal(seq, rows[i].seq);
	}
}

static void test_ulid_sorts(void **state)
{
	char a[ULID_SIZE], b[ULID_SIZE];

	(void)state;
	OK(ulid_make(1, a));
	OK(ulid_make(2, b));
	assert_int_equal(strlen(a), 26);
	assert_true(strcmp(a, b) < 0);
	assert_true(id_valid(a));
	OK(ulid_make(1795464000000LL, a));
	assert_memory_equal(a, "01M84ZWWG0", 10);
	assert_int_equal(ulid_make(1LL << 48, a), -ERANGE);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_migrate_again),
		T(test_later_schema_is_refused),
		T(test_not_a_database),
		T(test_rollback),
		T(test_people),
		T(test_token_once),
		T(test_uids_once),
		T(test_key_belongs_to_one),
		T(test_visit_moves_once),
		T(test_visit_race),
		T(test_approvals_are_distinct),
		T(test_serial_never_back),
		T(test_new_key_drops_seals),
		T(test_log_chain),
		T(test_log_shows_tampering),
		cmocka_unit_test(test_ulid_sorts),
	};

	return cmocka_run_group_tests_name(
		"approvals-store", tests, NULL, NULL);
}
