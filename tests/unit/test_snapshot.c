/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The payload: each rule of doc/formats/snapshot.md broken once, with the
 * word and the place that the fault must name.
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

#include "base/cleanup.h"
#include "grants/sshkey.h"
#include "tests/unit/grants_fixture.h"
#include "tests/unit/sshkeys.h"

/* NULL when it is taken; else the fault's word, and its text in why. */
static const char *word_of(const json_t *tree, struct fault *why)
{
	_cleanup_free_ char *text = json_dumps(tree, JSON_COMPACT);
	_cleanup_snapshot_ struct snapshot s = {0};
	int e;

	assert_non_null(text);
	*why = (struct fault){0};
	e = snapshot_parse(text, strlen(text), &s, why);
	if (e == 0)
		return NULL;
	assert_int_equal(e, -EBADMSG);
	assert_null(s.json);
	assert_non_null(why->word);
	return why->word;
}

static json_t *from_text(const char *text)
{
	json_error_t error;
	json_t *value = json_loads(text, JSON_DECODE_ANY, &error);

	if (!value)
		fail_msg("the test's own JSON: %s in %s", error.text, text);
	return value;
}

/* The object that a row of a table is about. */
static json_t *spot(json_t *tree, char where)
{
	if (where == 'u')
		return json_array_get(json_object_get(tree, "users"), 0);
	if (where == 'g')
		return json_array_get(json_object_get(tree, "grants"), 0);
	return tree;
}

#define DAY 86400
#define NOW "1795464000"

static const struct {
	char where;	    /* top, user, grant */
	const char *member; /* replaced by value, removed when that is NULL */
	const char *value;
	const char *word; /* NULL: fine */
} rules[] = {
	{'t', "v", NULL, "member"},
	{'t', "v", "2", "value"},
	{'t', "v", "\"1\"", "value"},
	{'t', "iss", NULL, "member"},
	{'t', "iss", "\"Approvals\"", "value"},
	{'t', "iss", "\"\"", "value"},
	{'t', "aud", NULL, "member"},
	{'t', "aud", "\"bastion1/..\"", "value"},
	{'t', "aud", "[\"bastion1\"]", "value"},
	{'t', "iat", NULL, "member"},
	{'t', "iat", "1", "value"},
	{'t', "iat", "7258118400", "value"},
	{'t', "exp", NOW, "value"},
	{'t', "exp", "1798142400", NULL},
	{'t', "exp", "1798142401", "value"},
	{'t', "serial", NULL, "member"},
	{'t', "serial", "0", "value"},
	{'t', "serial", "-1", "value"},
	{'t', "serial", "9007199254740991", NULL},
	{'t', "serial", "9007199254740992", "value"},
	{'t', "serial", "null", "value"},
	{'t', "users", NULL, "member"},
	{'t', "users", "{}", "value"},
	{'t', "users", "[1]", "value"},
	{'t', "grants", NULL, "member"},
	{'t', "grants", "[]", NULL},
	{'t', "grants", "[[]]", "value"},
	{'t', "crit", "[\"new\"]", "member"},
	{'t', "new", "1", "member"},
	{'t', "ext", "[]", NULL},
	{'t', "ext", "[\"aud\"]", NULL},
	{'t', "ext", "[1]", "value"},
	{'t', "ext", "[\"\"]", "value"},
	{'t', "ext", "\"new\"", "value"},
	{'u', "name", NULL, "member"},
	{'u', "name", "\"-rf\"", "value"},
	{'u', "name", "\"Acme\"", "value"},
	{'u', "name", "\"a/b\"", "value"},
	{'u', "name", "\"abcdefghijabcdefghijabcdefghijab\"", "value"},
	{'u', "uid", NULL, "member"},
	{'u', "uid", "0", "value"},
	{'u', "uid", "999", "value"},
	{'u', "uid", "4294967294", "value"},
	{'u', "uid", "4294967296", "value"},
	{'u', "uid", "1900000002", "value"}, /* the other one's */
	{'u', "uid", "true", "value"},
	{'u', "gecos", NULL, "member"},
	{'u', "gecos", "\"\"", NULL},
	{'u', "gecos", "\"a:b\"", "value"},
	{'u', "gecos", "\"a\\nb\"", "value"},
	{'u', "gecos", "\"a\\u001bb\"", "value"},
	{'u', "gecos", "\"a\\u007fb\"", "value"},
	{'u', "gecos", "\"a\\u009bb\"", "value"},
	{'u', "gecos", "\"a\\u202eb\"", "value"},
	{'u', "gecos", "\"a\\u200bb\"", "value"},
	{'u', "gecos", "\"\\u00c4\\u4e00\\ud83d\\ude00\"", NULL},
	{'u', "gecos",
		"\"012345678901234567890123456789012345678901234567890123456789"
		"0123\"",
		"value"},
	{'u', "disabled", NULL, "member"},
	{'u', "disabled", "0", "value"},
	{'u', "keys", NULL, "member"},
	{'u', "keys", "[]", NULL},
	{'u', "keys", "[\"\"]", "value"},
	{'u', "keys", "[\"" FIXTURE_KEY "\",\"" FIXTURE_KEY "\"]", "value"},
	{'u', "keys", "[\"" FIXTURE_KEY " comment\"]", "value"},
	{'u', "keys", "[\"restrict " FIXTURE_KEY "\"]", "value"},
	{'u', "keys", "[\"" FIXTURE_KEY "\\nssh-rsa AAAA\"]", "value"},
	{'u', "otp", "\"a.b.c.d.e\"", NULL},
	{'u', "otp", "\"\"", "value"},
	{'u', "otp", "\"a b\"", "value"},
	{'u', "otp", "null", "value"},
	{'u', "shell", "\"/bin/sh\"", "member"},
	{'g', "id", NULL, "member"},
	{'g', "id", "\"\"", "value"},
	{'g', "id", "\"G 1\"", "value"},
	{'g', "id", "\".1\"", "value"},
	{'g', "id", "7", "value"},
	{'g', "user", NULL, "member"},
	{'g', "user", "\"nobody\"", "value"},
	{'g', "user", "\"\"", "value"},
	{'g', "targets", NULL, "member"},
	{'g', "targets", "[]", "value"},
	{'g', "targets", "[\"hmi-1\",\"hmi-1\"]", "value"},
	{'g', "targets", "[\"10.0.0.1\"]", "value"},
	{'g', "targets", "[\"plc-gw\",7]", "value"},
	{'g', "targets", "[\"zz\",\"aa\"]", NULL},
	{'g', "protocols", NULL, "member"},
	{'g', "protocols", "[]", "value"},
	{'g', "protocols", "[\"smb\"]", "value"},
	{'g', "protocols", "[\"tcp\"]", "value"},
	{'g', "protocols", "[\"tcp/*\"]", "value"},
	{'g', "protocols", "[\"tcp/0\"]", "value"},
	{'g', "protocols", "[\"tcp/502\",\"tcp/502\"]", "value"},
	{'g', "protocols",
		"[\"tcp/1\",\"tcp/2\",\"tcp/3\",\"tcp/4\",\"tcp/5\",\"tcp/6\","
		"\"tcp/7\",\"tcp/8\",\"tcp/9\",\"tcp/10\",\"tcp/11\","
		"\"tcp/12\",\"tcp/13\",\"tcp/14\",\"tcp/15\",\"tcp/16\","
		"\"tcp/17\"]",
		"value"},
	{'g', "protocols", "[\"none\"]", "value"},
	{'g', "protocols", "[\"ssh\",\"ssh\"]", "value"},
	{'g', "protocols", "[\"SSH\"]", "value"},
	{'g', "account", NULL, "member"},
	{'g', "account", "\"\"", NULL},
	{'g', "account", "\"-l root\"", "value"},
	{'g', "not_before", NULL, "member"},
	{'g', "not_before", "1795464000.5", "json"},
	{'g', "not_before", "\"2026-11-23T18:00:00Z\"", "value"},
	{'g', "not_after", NULL, "member"},
	{'g', "not_after", NOW, "value"},
	{'g', "not_after", "1795464001", NULL},
	{'g', "not_after", "1827086400", NULL},
	{'g', "not_after", "1827086401", "value"},
	{'g', "revoked", NULL, "member"},
	{'g', "revoked", "\"false\"", "value"},
	{'g', "approved_by", NULL, "member"},
	{'g', "approved_by", "[]", "value"},
	{'g', "approved_by", "[\"anna\",\"anna\"]", "value"},
	{'g', "approved_by", "[\"acme-tech1\"]", NULL},
	{'g', "approved_by", "[\"Anna\"]", "value"},
	{'g', "ticket", NULL, "member"},
	{'g', "ticket", "\"\"", NULL},
	{'g', "ticket", "\"CHG 1\"", "value"},
	{'g', "record", NULL, "member"},
	{'g', "record", "\"no\"", "value"},
	{'g', "record", "\"none\"", NULL},
	{'g', "files", NULL, "member"},
	{'g', "files", "[]", NULL},
	{'g', "files", "[\"up\",\"up\"]", "value"},
	{'g', "files", "[\"left\"]", "value"},
	{'g', "sources", NULL, "member"},
	{'g', "sources", "[\"192.0.2.7\"]", "value"},
	{'g', "sources", "[\"192.0.2.7/24\"]", "value"},
	{'g', "sources", "[\"192.0.2.0/33\"]", "value"},
	{'g', "sources", "[\"fd00::/8\",\"192.0.2.7/32\"]", NULL},
	{'g', "sources", "[\"any\"]", "value"},
	{'g', "sudo", "true", "member"},
};

static void test_rules(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		_cleanup_json_ json_t *tree = fixture_snapshot();
		json_t *object = spot(tree, rules[i].where);
		struct fault why;
		const char *word;

		if (rules[i].value)
			json_object_set_new(object, rules[i].member,
				from_text(rules[i].value));
		else
			json_object_del(object, rules[i].member);
		word = word_of(tree, &why);
		if (strcmp(word ? word : "",
			    rules[i].word ? rules[i].word : ""))
			fail_msg("%c.%s = %s: %s (%s)", rules[i].where,
				rules[i].member,
				rules[i].value ? rules[i].value : "(none)",
				word ? word : "taken", why.text);
		if (word && strcmp(word, "json") != 0 &&
			!strstr(why.text, rules[i].member))
			fail_msg("%s is not in \"%s\"", rules[i].member,
				why.text);
	}
}

static void test_taken_apart(void **state)
{
	_cleanup_json_ json_t *tree = fixture_snapshot();
	_cleanup_snapshot_ struct snapshot s = {0};
	const struct grant *g;

	fixture_parse(tree, &s);
	assert_string_equal(s.iss, "approvals");
	assert_string_equal(s.aud, "bastion1");
	assert_int_equal(s.serial, 42);
	assert_int_equal(s.iat, FIXTURE_NOW);
	assert_int_equal(s.user_count, 2);
	assert_string_equal(s.users[1].name, "acme-tech2");
	assert_int_equal(s.users[1].grant_count, 1);
	assert_null(s.users[0].otp);
	assert_int_equal(s.grant_count, 2);
	g = &s.grants[1];
	assert_string_equal(g->user, "acme-tech2");
	assert_int_equal(g->uid, FIXTURE_UID + 1);
	assert_int_equal(g->target_count, 2);
	assert_string_equal(g->targets[0], "hmi-1");
	assert_string_equal(g->targets[1], "plc-gw");
	assert_int_equal(g->protocols.named, 1u << PROTO_SSH | 1u << PROTO_SFTP);
	assert_string_equal(g->account, "maint");
	assert_int_equal(g->record, RECORD_REQUIRED);
	assert_int_equal(g->files, FILES_UP);
	assert_int_equal(g->approver_count, 2);
}

static void test_order(void **state)
{
	static const char *const lists[] = {"users", "grants"};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		_cleanup_json_ json_t *tree = fixture_snapshot();
		json_t *list = json_object_get(tree, lists[i]);
		_cleanup_json_ json_t *first =
			json_deep_copy(json_array_get(list, 0));
		struct fault why;

		/* Once more the same at the end: neither order nor unique. */
		json_object_set_new(
			first, "uid", json_integer(FIXTURE_UID + 5));
		if (i == 1)
			json_object_del(first, "uid");
		json_array_append(list, first);
		assert_string_equal(word_of(tree, &why), "order");
		json_array_remove(list, 2);
		json_array_insert(list, 1, first);
		assert_string_equal(word_of(tree, &why), "order");
	}
}

/* Unknown is critical, unless the signer says that it may be overlooked. */
static void test_extensions(void **state)
{
	_cleanup_json_ json_t *tree = fixture_snapshot();
	struct fault why;

	json_object_set_new(spot(tree, 'g'), "purpose",
		from_text("{\"text\":[\"valve\"]}"));
	assert_string_equal(word_of(tree, &why), "member");
	json_object_set_new(tree, "ext", from_text("[\"purpose\",\"id\"]"));
	assert_null(word_of(tree, &why));
	json_object_set_new(spot(tree, 'u'), "purpose", from_text("7"));
	assert_null(word_of(tree, &why));
	json_object_set_new(spot(tree, 'u'), "other", from_text("7"));
	assert_string_equal(word_of(tree, &why), "member");
	json_object_del(spot(tree, 'u'), "other");
	json_object_del(spot(tree, 'g'), "id");
	assert_string_equal(word_of(tree, &why), "member");
}

static void test_many_of_all(void **state)
{
	_cleanup_json_ json_t *tree = fixture_snapshot();
	json_t *targets = json_array(), *keys = json_array();
	struct fault why;

	for (int i = 0; i < SNAPSHOT_TARGETS_MAX; i++)
		json_array_append_new(targets, json_sprintf("target-%d", i));
	json_object_set_new(spot(tree, 'g'), "targets", targets);
	assert_null(word_of(tree, &why));
	json_array_append_new(targets, json_string("one-more"));
	assert_string_equal(word_of(tree, &why), "value");
	json_array_remove(targets, 0);
	assert_null(word_of(tree, &why));
	for (int i = 0; i < 9; i++)
		json_array_append_new(keys,
			json_sprintf(
				"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGvu"
				"5xJPs5YvEy4SBjJplBHbwNlDrUNr2dyF4czi1Ot%c",
				'0' + i));
	json_object_set_new(spot(tree, 'u'), "keys", keys);
	assert_string_equal(word_of(tree, &why), "value");
	json_array_remove(keys, 8);
	assert_null(word_of(tree, &why));
}

static void test_acceptance(void **state)
{
	_cleanup_json_ json_t *tree = fixture_snapshot();
	_cleanup_snapshot_ struct snapshot s = {0};
	static const struct {
		const char *bastion;
		uint64_t last;
		int64_t now;
		const char *word;
	} rows[] = {
		{"bastion1", 0, FIXTURE_NOW, NULL},
		{"bastion1", 41, FIXTURE_NOW, NULL},
		{"bastion1", 42, FIXTURE_NOW, NULL},
		{"bastion1", 43, FIXTURE_NOW, "serial"},
		{"bastion2", 41, FIXTURE_NOW, "audience"},
		{"bastion", 41, FIXTURE_NOW, "audience"},
		{"bastion1", 0, FIXTURE_NOW - 60, NULL},
		{"bastion1", 0, FIXTURE_NOW - 61, "future"},
		{"bastion1", 0, 0, "future"},
		{"bastion1", 0, INT64_MIN, "future"},
		{"bastion1", 0, FIXTURE_NOW + 3 * DAY - 1, NULL},
		{"bastion1", 0, FIXTURE_NOW + 3 * DAY, "stale"},
		{"bastion1", 0, INT64_MAX, "stale"},
	};

	fixture_parse(tree, &s);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct fault why = {0};
		int e = snapshot_check(
			&s, rows[i].bastion, rows[i].last, rows[i].now, &why);

		assert_int_equal(e, rows[i].word ? -EBADMSG : 0);
		if (rows[i].word)
			assert_string_equal(why.word, rows[i].word);
	}
}

static void test_not_json(void **state)
{
	static const char *const rows[] = {"", "{", "[]", "null", "{}{}",
		"{\"v\":1,\"v\":1}", "{\"v\":01}", "{\"v\":1e0}",
		"{\"ext\":[[[[[[[[[[]]]]]]]]]]}"};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		_cleanup_snapshot_ struct snapshot s = {0};
		struct fault why = {0};

		assert_int_equal(
			snapshot_parse(rows[i], strlen(rows[i]), &s, &why),
			-EBADMSG);
		assert_string_equal(why.word, "json");
	}
}

static void test_ssh_keys(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(good_keys); i++)
		if (sshkey_check(good_keys[i]))
			fail_msg("%s: %s", good_keys[i],
				sshkey_check(good_keys[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad_keys); i++)
		if (!sshkey_check(bad_keys[i]))
			fail_msg("%s is taken", bad_keys[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_taken_apart),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_extensions),
		cmocka_unit_test(test_many_of_all),
		cmocka_unit_test(test_acceptance),
		cmocka_unit_test(test_not_json),
		cmocka_unit_test(test_ssh_keys),
	};

	return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
