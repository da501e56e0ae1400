/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The desk on a real database and real keys, without HTTP: signing anew by
 * half of a snapshot's life, serials after the clock went back, approvers at
 * the same moment, policy that changed under a request, who waits for news.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <jose/jose.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "approvals/desk/desk.h"
#include "approvals/desk/keys.h"
#include "base/cleanup.h"
#include "base/moment.h"
#include "json/strict.h"

#define OK(call) assert_int_equal(call, 0)

struct fixture {
	char dir[64];
	struct service service;
	int saved_stderr;
};

static struct caller person(const char *name, role_set roles)
{
	struct caller c = {.holder = {.kind = HOLDER_PERSON},
		.roles = roles,
		.source = "192.0.2.1"};

	snprintf(c.holder.name, NAME_SIZE, "%s", name);
	return c;
}

static struct caller bastion1(void)
{
	return (struct caller){
		.holder = {.kind = HOLDER_BASTION, .name = "bastion1"},
		.source = "192.0.2.2"};
}

static int call(struct fixture *f, desk_operation operation,
	const struct caller *caller, const char *id, const char *body,
	json_t **ret_answer, struct refusal *ret_why)
{
	_cleanup_json_ json_t *json = body ? json_loads(body, 0, NULL) : NULL;
	struct desk_input in = {.id = id, .part = "", .body = json};

	if (body && !json)
		fail_msg("the test's own JSON: %s", body);
	return operation(&f->service, caller, &in, ret_answer, ret_why);
}

static void ok_call(struct fixture *f, desk_operation operation,
	const struct caller *caller, const char *id, const char *body,
	json_t **ret_answer)
{
	_cleanup_json_ json_t *ignored = NULL;
	struct refusal why = {0};

	if (call(f, operation, caller, id, body,
		    ret_answer ? ret_answer : &ignored, &why) < 0)
		fail_msg("%s: %s", why.field, why.detail);
}

static const char inventory[] =
	"{\"v\":1,\"uid_min\":1900000000,\"uid_max\":1909999999,"
	"\"zones\":[{\"name\":\"cell-a\",\"description\":\"\"}],"
	"\"targets\":[{\"name\":\"plc-gw\",\"zone\":\"cell-a\","
	"\"protocols\":[\"ssh\"],\"accounts\":[\"maint\"]}],"
	"\"conduits\":[{\"name\":\"c\",\"users\":[\"acme-*\"],"
	"\"zones\":[\"cell-a\"],\"protocols\":[\"ssh\"],"
	"\"max_window_sec\":7200,\"approvals\":%d,\"record\":\"none\","
	"\"files\":[]}]}";

static void push_inventory(struct fixture *f, int approvals)
{
	struct caller b = bastion1();
	char text[sizeof(inventory) + 8];

	snprintf(text, sizeof(text), inventory, approvals);
	ok_call(f, desk_inventory_put, &b, "", text, NULL);
}

/* Enrols without certificates: those are test_approvals.sh's. */
static void enrol_bastion(struct fixture *f)
{
	_cleanup_json_ json_t *key =
		json_pack("{s:s,s:s}", "kty", "EC", "crv", "P-256");
	_cleanup_db_tx_ struct db_tx tx = {0};
	_cleanup_free_ char *text = NULL;

	assert_true(jose_jwk_gen(NULL, key));
	json_object_del(key, "d");
	json_object_set_new(key, "kid", json_string("seal-1"));
	text = json_dumps(key, 0);
	OK(db_begin(f->service.db, &tx));
	OK(store_bastion_enrol(&tx, "bastion1", text, 1));
	OK(store_person_put(&tx, "rita", ROLE_REQUESTER, 1));
	OK(store_person_put(&tx, "anna", ROLE_APPROVER, 1));
	OK(store_person_put(&tx, "bert", ROLE_APPROVER, 1));
	OK(store_person_put(&tx, "carl", ROLE_APPROVER, 1));
	OK(db_commit(&tx));
}

static int setup(void **state)
{
	static const char *const names[] = {"localhost", NULL};
	struct approvals_settings settings = {.issuer = "approvals",
		.uid_min = 1900000000,
		.uid_max = 1900000999,
		.snapshot_life_sec = 3600,
		.client_days = 1,
		.bastion_days = 1};
	struct caller adam = person("adam", ROLE_ADMIN);
	struct fixture *f = calloc(1, sizeof(*f));
	FILE *quiet = fopen("/dev/null", "w");

	if (!f || !quiet)
		return -1;
	f->saved_stderr = dup(STDERR_FILENO);
	(void)dup2(fileno(quiet), STDERR_FILENO);
	fclose(quiet);
	snprintf(f->dir, sizeof(f->dir), "/tmp/jump-desk-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	snprintf(settings.state_dir, sizeof(settings.state_dir), "%s", f->dir);
	snprintf(settings.key_dir, sizeof(settings.key_dir), "%s", f->dir);
	if (keys_make(&settings, names, service_now()) < 0 ||
		service_open(&settings, &f->service) < 0)
		return -1;
	enrol_bastion(f);
	push_inventory(f, 1);
	ok_call(f, desk_user_add, &adam, "",
		"{\"name\":\"acme-tech1\",\"key\":\"ssh-ed25519 "
		"AAAAC3NzaC1lZDI1NTE5AAAAIKGi0QWnbIdNdTe0T1tYDHWQTwKkIq1TtBpU"
		"VxTntCcX\"}",
		NULL);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	_cleanup_closedir_ DIR *dir = opendir(f->dir);

	service_close(&f->service);
	for (struct dirent *e; dir && (e = readdir(dir));)
		(void)unlinkat(dirfd(dir), e->d_name, 0);
	(void)rmdir(f->dir);
	(void)dup2(f->saved_stderr, STDERR_FILENO);
	(void)close(f->saved_stderr);
	free(f);
	return 0;
}

/* A request that opens now; its id. */
static void ask(struct fixture *f, char ret_id[ID_SIZE])
{
	struct caller rita = person("rita", ROLE_REQUESTER);
	_cleanup_json_ json_t *answer = NULL;
	char body[512], from[MOMENT_TEXT_SIZE], to[MOMENT_TEXT_SIZE];

	moment_format(service_now(), from);
	moment_format(service_now() + 3600, to);
	snprintf(body, sizeof(body),
		"{\"user\":\"acme-tech1\",\"targets\":[\"plc-gw\"],"
		"\"protocols\":[\"ssh\"],\"not_before\":\"%s\","
		"\"not_after\":\"%s\",\"purpose\":\"firmware\"}",
		from, to);
	ok_call(f, desk_visit_request, &rita, "", body, &answer);
	snprintf(ret_id, ID_SIZE, "%s",
		json_string_value(json_object_get(answer, "id")));
}

static void snapshot(struct fixture *f, struct snapshot_row *ret)
{
	struct refusal why = {0};

	if (desk_snapshot(&f->service, "bastion1", false, ret, &why) < 0)
		fail_msg("%s", why.detail);
}

/* The payload of a JWS, not verified here. */
static json_t *payload(const struct snapshot_row *s)
{
	char *text = strdup(strchr(s->jws, '.') + 1);
	json_t *encoded, *json;

	*strchr(text, '.') = '\0';
	encoded = json_string(text);
	json = jose_b64_dec_load(encoded);
	assert_non_null(json);
	json_decref(encoded);
	free(text);
	return json;
}

static void change_row(struct fixture *f, const char *sql)
{
	_cleanup_db_tx_ struct db_tx tx = {0};

	OK(db_begin(f->service.db, &tx));
	OK(db_script(&tx, sql));
	OK(db_commit(&tx));
}

static void test_signed_anew_by_half_life(void **state)
{
	struct fixture *f = *state;
	_cleanup_snapshot_row_ struct snapshot_row a = {0}, b = {0}, c = {0},
						   d = {0};

	snapshot(f, &a);
	snapshot(f, &b);
	assert_string_equal(a.jws, b.jws); /* kept */
	assert_int_equal(a.expires_at - a.issued_at, 3600);
	change_row(f, "UPDATE snapshot SET issued_at = issued_at - 1795, "
		      "expires_at = expires_at - 1795");
	snapshot(f, &c);
	assert_int_equal(c.serial, a.serial); /* not yet */
	change_row(f, "UPDATE snapshot SET issued_at = issued_at - 10, "
		      "expires_at = expires_at - 10");
	snapshot(f, &d);
	assert_true(d.serial > a.serial);
	assert_true(d.expires_at >= service_now() + 3590);
}

static void test_serial_goes_on_when_the_clock_went_back(void **state)
{
	struct fixture *f = *state;
	_cleanup_snapshot_row_ struct snapshot_row a = {0}, b = {0};

	snapshot(f, &a);
	/* signed "tomorrow": the clock was ahead then */
	change_row(f, "UPDATE snapshot SET serial = serial + 86400000, "
		      "issued_at = issued_at + 86400, "
		      "expires_at = expires_at + 86400");
	snapshot(f, &b);
	assert_int_equal(b.serial, a.serial + 86400000 + 1);
	assert_true(b.issued_at <= service_now());
}

/* A database from a copy of earlier: serials that bastions saw are not given
 * out again. */
static void test_serial_after_restore(void **state)
{
	struct fixture *f = *state;
	_cleanup_snapshot_row_ struct snapshot_row a = {0}, b = {0};

	snapshot(f, &a);
	change_row(f, "UPDATE snapshot SET serial = 5, revision = 0");
	/* serials are milliseconds: nobody restores a copy within one */
	(void)usleep(2000);
	snapshot(f, &b);
	assert_true(b.serial > a.serial);
}

static void test_another_key_signs_anew(void **state)
{
	struct fixture *f = *state;
	_cleanup_snapshot_row_ struct snapshot_row a = {0}, b = {0};

	snapshot(f, &a);
	signer_done(&f->service.signer);
	OK(signer_make(&f->service.signer));
	snapshot(f, &b);
	assert_true(b.serial > a.serial);
	assert_string_equal(b.kid, f->service.signer.kid);
}

static void test_nobody_elses_snapshot(void **state)
{
	struct fixture *f = *state;
	struct snapshot_row s = {0};
	struct refusal why = {0};

	assert_int_equal(
		desk_snapshot(&f->service, "bastion2", false, &s, &why),
		-EPERM);
	assert_int_equal(why.kind, REFUSAL_FORBIDDEN);
	change_row(f, "UPDATE bastion SET state = 'revoked'");
	assert_int_equal(
		desk_snapshot(&f->service, "bastion1", false, &s, &why),
		-EPERM);
}

/* Eight approvers of one request that needs three, at once: each counts once,
 * it opens once, and those after it opened are told. */
struct racer {
	struct fixture *f;
	const char *id;
	struct caller caller;
	int result;
	enum refusal_kind kind;
};

static void *race(void *arg)
{
	struct racer *r = arg;
	struct refusal why = {0};

	/* a version that moved is looked at again, as people would */
	for (int version = 1; version < 12; version++) {
		_cleanup_json_ json_t *answer = NULL;
		char body[32];

		snprintf(body, sizeof(body), "{\"version\":%d}", version);
		r->result = call(r->f, desk_visit_approve, &r->caller, r->id,
			body, &answer, &why);
		r->kind = why.kind;
		if (r->result != -EPERM || why.kind != REFUSAL_CHANGED)
			break;
	}
	return NULL;
}

static void test_approvers_at_once(void **state)
{
	struct fixture *f = *state;
	_cleanup_snapshot_row_ struct snapshot_row s = {0};
	_cleanup_json_ json_t *json = NULL;
	struct racer racers[8];
	pthread_t threads[8];
	char id[ID_SIZE];
	int counted = 0, late = 0;

	push_inventory(f, 3);
	ask(f, id);
	for (int i = 0; i < 8; i++) {
		char name[NAME_SIZE], sql[160];

		snprintf(name, sizeof(name), "approver%d", i);
		snprintf(sql, sizeof(sql),
			"INSERT INTO person VALUES ('%s', 2, 'active', 1)",
			name);
		change_row(f, sql);
		racers[i] = (struct racer){.f = f,
			.id = id,
			.caller = person(name, ROLE_APPROVER)};
	}
	for (int i = 0; i < 8; i++)
		OK(pthread_create(&threads[i], NULL, race, &racers[i]));
	for (int i = 0; i < 8; i++) {
		OK(pthread_join(threads[i], NULL));
		counted += racers[i].result == 0;
		late += racers[i].result == -EPERM &&
			racers[i].kind == REFUSAL_STATE;
	}
	assert_int_equal(counted, 3);
	assert_int_equal(late, 5);
	snapshot(f, &s);
	json = payload(&s);
	json_t *grants = json_object_get(json, "grants");
	assert_int_equal(json_array_size(grants), 1);
	assert_int_equal(json_array_size(json_object_get(
				 json_array_get(grants, 0), "approved_by")),
		3);
}

/* The bastion's policy got stricter after the request. */
static void test_judged_again_when_approved(void **state)
{
	struct fixture *f = *state;
	struct caller anna = person("anna", ROLE_APPROVER);
	struct caller bert = person("bert", ROLE_APPROVER);
	_cleanup_json_ json_t *one = NULL, *two = NULL;
	char id[ID_SIZE];

	ask(f, id);
	push_inventory(f, 2);
	ok_call(f, desk_visit_approve, &anna, id, "{\"version\":1}", &one);
	assert_string_equal(
		json_string_value(json_object_get(one, "state")), "pending");
	assert_int_equal(json_integer_value(json_object_get(one, "needed")), 2);
	ok_call(f, desk_visit_approve, &bert, id, "{\"version\":2}", &two);
	assert_string_equal(
		json_string_value(json_object_get(two, "state")), "approved");
}

static void test_target_gone_when_approved(void **state)
{
	struct fixture *f = *state;
	struct caller anna = person("anna", ROLE_APPROVER);
	struct caller b = bastion1();
	struct refusal why = {0};
	json_t *answer = NULL;
	char id[ID_SIZE];

	ask(f, id);
	ok_call(f, desk_inventory_put, &b, "",
		"{\"v\":1,\"uid_min\":1900000000,\"uid_max\":1909999999,"
		"\"zones\":[],\"targets\":[],\"conduits\":[]}",
		NULL);
	assert_int_equal(call(f, desk_visit_approve, &anna, id,
				 "{\"version\":1}", &answer, &why),
		-EPERM);
	assert_int_equal(why.kind, REFUSAL_POLICY);
	assert_null(answer);
}

/* What ended stays a week, then it is left out. */
static void test_ended_grants_are_told_for_a_week(void **state)
{
	struct fixture *f = *state;
	struct caller anna = person("anna", ROLE_APPROVER);
	_cleanup_snapshot_row_ struct snapshot_row a = {0}, b = {0};
	_cleanup_json_ json_t *with = NULL, *without = NULL;
	char id[ID_SIZE];

	ask(f, id);
	ok_call(f, desk_visit_approve, &anna, id, "{\"version\":1}", NULL);
	change_row(f, "UPDATE visit SET not_before = not_before - 600000, "
		      "not_after = not_after - 600000");
	change_row(f, "UPDATE bastion SET revision = revision + 1");
	snapshot(f, &a);
	with = payload(&a);
	assert_int_equal(json_array_size(json_object_get(with, "grants")), 1);
	change_row(f, "UPDATE visit SET not_before = not_before - 100000, "
		      "not_after = not_after - 100000");
	change_row(f, "UPDATE bastion SET revision = revision + 1");
	snapshot(f, &b);
	without = payload(&b);
	assert_int_equal(
		json_array_size(json_object_get(without, "grants")), 0);
}

static void test_uids_outside_the_bastions_range(void **state)
{
	struct fixture *f = *state;
	struct caller b = bastion1();
	struct refusal why = {0};
	json_t *answer = NULL;

	assert_int_equal(call(f, desk_inventory_put, &b, "",
				 "{\"v\":1,\"uid_min\":1900000500,"
				 "\"uid_max\":1909999999,\"zones\":[],"
				 "\"targets\":[],\"conduits\":[]}",
				 &answer, &why),
		-EPERM);
	assert_string_equal(why.field, "uid_min");
}

/* ---- waiting ---- */

struct waiter {
	struct watch *watch;
	struct watch_ticket ticket;
	int result;
};

static void *wait_long(void *arg)
{
	struct waiter *w = arg;

	w->result = watch_wait(w->watch, &w->ticket, 20000);
	return NULL;
}

static void start_wait(struct waiter *w, struct watch *watch,
	const char *bastion, pthread_t *thread)
{
	*w = (struct waiter){.watch = watch};
	OK(watch_look(watch, bastion, &w->ticket));
	OK(pthread_create(thread, NULL, wait_long, w));
}

static void test_watch(void **state)
{
	struct watch watch;
	struct watch_ticket ticket;
	struct waiter a, b, later;
	pthread_t ta, tb, tlater;

	(void)state;
	OK(watch_init(&watch));
	OK(watch_look(&watch, "one", &ticket));
	assert_int_equal(watch_wait(&watch, &ticket, 10), -ETIMEDOUT);
	watch_wake(&watch, "two"); /* not about it */
	assert_int_equal(watch_wait(&watch, &ticket, 10), -ETIMEDOUT);
	watch_wake(&watch, "one"); /* between look and wait */
	OK(watch_wait(&watch, &ticket, 10000));
	assert_int_equal(watch_wait(&watch, &ticket, 0), -ETIMEDOUT);

	start_wait(&a, &watch, "one", &ta);
	start_wait(&b, &watch, "two", &tb);
	watch_wake(&watch, "one");
	OK(pthread_join(ta, NULL));
	OK(a.result);
	start_wait(&later, &watch, "two", &tlater);
	OK(pthread_join(tb, NULL));
	assert_int_equal(b.result, -ECANCELED);
	watch_wake(&watch, NULL);
	OK(pthread_join(tlater, NULL));
	OK(later.result);
	start_wait(&a, &watch, "one", &ta);
	watch_stop(&watch);
	OK(pthread_join(ta, NULL));
	assert_int_equal(a.result, -ECANCELED);
	watch_done(&watch);
}

/* A decision wakes its bastion only after it is durable. */
static void test_decision_wakes(void **state)
{
	struct fixture *f = *state;
	struct caller anna = person("anna", ROLE_APPROVER);
	struct waiter w;
	pthread_t thread;
	char id[ID_SIZE];

	ask(f, id);
	start_wait(&w, &f->service.watch, "bastion1", &thread);
	ok_call(f, desk_visit_approve, &anna, id, "{\"version\":1}", NULL);
	OK(pthread_join(thread, NULL));
	OK(w.result);
}

/* ---- settings ---- */

static void test_settings(void **state)
{
	static const struct {
		const char *text;
		int line; /* -1: accepted */
	} rows[] = {
		{"[service]\nUrl = https://a\n", -1},
		{"[service]\nUrl = https://a\nListen = 0.0.0.0:1\n"
		 "SnapshotLife = 2h\nUidMin = 2000\nUidMax = 3000\n",
			-1},
		{"", 0},
		{"[service]\n", 0},
		{"[service]\nUrl = http://a\n", 0},
		{"[service]\nUrl = https://a\nPort = 1\n", 3},
		{"[service]\nUrl = https://a\nUrl = https://b\n", 3},
		{"[server]\nUrl = https://a\n", 1},
		{"[service]\nUrl = https://a\n[service]\n", 3},
		{"[service]\nUrl = https://a\nIssuer = A b\n", 3},
		{"[service]\nUrl = https://a\nState = var\n", 3},
		{"[service]\nUrl = https://a\nSnapshotLife = 32d\n", 3},
		{"[service]\nUrl = https://a\nSnapshotLife = 59\n", 3},
		{"[service]\nUrl = https://a\nUidMin = 0\n", 3},
		{"[service]\nUrl = https://a\nUidMin = 2000\nUidMax = 1999\n",
			0},
		{"[service]\nUrl = https://a\nListen = ::1:8443\n", 0},
		{"[service]\nUrl = https://a\nListen = 8443\n", 0},
		{"Url = https://a\n", 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct approvals_settings settings;
		struct settings_error error;
		int r = approvals_settings_parse(
			rows[i].text, strlen(rows[i].text), &settings, &error);

		if (rows[i].line < 0 ? r != 0
				     : r != -EINVAL || !error.text[0] ||
					       (int)error.line != rows[i].line)
			fail_msg("row %zu: %d, line %u: %s", i, r, error.line,
				error.text);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_signed_anew_by_half_life),
		T(test_serial_goes_on_when_the_clock_went_back),
		T(test_serial_after_restore),
		T(test_another_key_signs_anew),
		T(test_nobody_elses_snapshot),
		T(test_approvers_at_once),
		T(test_judged_again_when_approved),
		T(test_target_gone_when_approved),
		T(test_ended_grants_are_told_for_a_week),
		T(test_uids_outside_the_bastions_range),
		cmocka_unit_test(test_watch),
		T(test_decision_wakes),
		cmocka_unit_test(test_settings),
	};

	return cmocka_run_group_tests_name("approvals-desk", tests, NULL, NULL);
}
