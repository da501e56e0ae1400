/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The service's rules: proposals against an inventory, the life of a window as
 * a table and as a property over all facts, keys, texts, roles.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>

#include "approvals/rules/proposal.h"
#include "approvals/rules/inventory.h"
#include "approvals/rules/role.h"
#include "approvals/rules/sshkey.h"
#include "approvals/rules/text.h"
#include "approvals/rules/visit.h"
#include "base/cleanup.h"
#include "base/moment.h"

static const struct {
	const char *line, *fingerprint;
} good_keys[] = {
	{"ecdsa-sha2-nistp256 "
	 "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBK8CGJhd"
	 "sS2tFBIHO0kj4hn6haenT9by87SPNAvQ1QOWyez2zovrBErkSQPZnz7wasWU"
	 "GZATGc40eIAS1PbcURQ=",
		"SHA256:ws2fIn+nchrlK19cJ/qEujc4X8hsp73BUzHn6BTd7mM"},
	{"ecdsa-sha2-nistp384 "
	 "AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBDr+DWdZ"
	 "77lFlU+o3OdUFrq8ONDyPrOYvwy4caN42fwUeve/SE5xH/DM7SqIo9BoeSlB"
	 "rmDc6q7boGerA6drEc/gLKuuRy4aMPasGvA3VAnlD2G73ApZt7p3/0Y4oWoZ"
	 "pw==",
		"SHA256:xCfEhHnh5rU4PAuOrW0ttnNwUmkRQe4It1gfwpMlBBE"},
	{"ecdsa-sha2-nistp521 "
	 "AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAExNRAT"
	 "9ZpGThEgqXU4KiQrLp4GaX+PKM9ToAkql2pYdDWNLCp8qz4+sM6KVLrOFc7H"
	 "flVmSP6lOqrWsU2Yfym9CABeMOvdUDdnwSlhK0QigwDViiTZoCDVqHF+nYPo"
	 "LGKU9r2L0SBYMH5LeIBCTvS6j8DNwTpE3B8gc8kd7FyTmK/BKw==",
		"SHA256:TOqd8/SRLEgyEQ2LjKQjQTnSdZTD9ItZDq0cH6IX5xk"},
	{"ssh-ed25519 "
	 "AAAAC3NzaC1lZDI1NTE5AAAAIKGi0QWnbIdNdTe0T1tYDHWQTwKkIq1TtBpU"
	 "VxTntCcX",
		"SHA256:sahkeFc4Z2p+WzWEB0SdlIRBAMgjFK4MLv/HT9w6iwE"},
	{"ssh-rsa "
	 "AAAAB3NzaC1yc2EAAAADAQABAAABgQCqZXL9VZBHCAo2VqrCt8ohOzQeZNE+"
	 "QR8iMIh39v+f6tWnQs8xhv4eTZXsPnEnn5ET0Or5EHpsgZzwwlIFHv/ilaAI"
	 "Tw62uNtA1SS14mUPsmj6mi097yAPMAif8v0gBS6Gv7FzPfU7Q5Cb3oUQvxzI"
	 "VJKmF2hjHEVLbQvm4l5eyd5m+n+k0SXREv61HIgPnOJFJZwAfojJOn3viDA/"
	 "jWk0f9yWJTmuYKikPnyETmTFhpUJ6YCgdXsGlnGNZsxaqan/LSAyfS5y0Q/e"
	 "3x1l4icjWFb/7+T99vx7lw4eAqNux1ruaErkqfwN/lO0ldGgTIW1Hg3h8f2H"
	 "UPciclomUtOoB0yU97IMFJMmyy8tIYjCqW00ad5ELTdrADKEWS2LM3tVler9"
	 "EJ/wPfOCeMYrMSd0mIsLe0CfGhgbgMz3bTJuuALRglWgj69UDhT9w0lkfYIF"
	 "taroT+KuC/olb5ZtNH6X5384uXGTyTbu4UL+DY1OQWBnfKWV7oiPPw9IiR8N"
	 "YUs=",
		"SHA256:nOG8dT3B/TK27dLd2zq+++T89Clkp/PbXQadugLAz64"},
};

static const char inventory_text[] =
	"{\"v\":1,\"uid_min\":1900000000,\"uid_max\":1909999999,"
	"\"zones\":[{\"name\":\"cell-b\",\"description\":\"B\"},"
	"{\"name\":\"cell-a\",\"description\":\"Line A\"}],"
	"\"targets\":["
	"{\"name\":\"plc-gw\",\"zone\":\"cell-a\","
	"\"protocols\":[\"ssh\",\"sftp\",\"tcp/502\",\"tcp/4840\"],"
	"\"accounts\":[\"maint\"]},"
	"{\"name\":\"hmi-1\",\"zone\":\"cell-a\",\"protocols\":[\"rdp\"],"
	"\"accounts\":[]},"
	"{\"name\":\"historian\",\"zone\":\"cell-b\","
	"\"protocols\":[\"ssh\",\"tcp/502\"],"
	"\"accounts\":[\"maint\",\"root\"]}],"
	"\"conduits\":["
	"{\"name\":\"vendors-to-a\",\"users\":[\"acme-*\"],"
	"\"zones\":[\"cell-a\"],\"protocols\":[\"ssh\",\"sftp\",\"rdp\","
	"\"tcp/*\"],"
	"\"max_window_sec\":28800,\"approvals\":2,\"record\":\"required\","
	"\"files\":[\"up\"],\"file_size_max\":1000,"
	"\"file_count_max\":7,\"file_names\":[\"*.bin\"],"
	"\"file_check\":true},"
	"{\"name\":\"short-a\",\"users\":[\"acme-tech1\"],"
	"\"zones\":[\"cell-a\"],\"protocols\":[\"ssh\"],"
	"\"max_window_sec\":3600,\"approvals\":1,\"record\":\"required\","
	"\"files\":[]},"
	"{\"name\":\"to-b\",\"users\":[\"acme-tech1\"],"
	"\"zones\":[\"cell-b\"],\"protocols\":[\"ssh\"],"
	"\"max_window_sec\":7200,\"approvals\":3,\"record\":\"none\","
	"\"files\":[\"up\",\"down\"]}]}";

static void load_inventory(struct policy *ret)
{
	_cleanup_json_ json_t *body = json_loads(inventory_text, 0, NULL);
	struct refusal why = {0};

	assert_non_null(body);
	if (inventory_parse(body, ret, &why) < 0)
		fail_msg("%s: %s", why.field, why.detail);
}

#define NOW 1795464000 /* 2026-11-23T20:00:00Z */

/* A proposal of a well-formed body with one member replaced (NULL: removed). */
static int parse_with(const char *member, const char *value,
	struct proposal *ret_proposal, struct refusal *ret_why)
{
	_cleanup_json_ json_t *body = json_pack("{s:s,s:[s],s:[s],s:s,s:s,s:s}",
		"user", "acme-tech1", "targets", "plc-gw", "protocols", "ssh",
		"not_before", "2026-11-23T20:00:00Z", "not_after",
		"2026-11-23T21:00:00Z", "purpose", "firmware of the gateway");

	assert_non_null(body);
	if (member && value) {
		json_t *v = json_loads(value, JSON_DECODE_ANY, NULL);

		assert_non_null(v);
		json_object_set_new(body, member, v);
	} else if (member) {
		json_object_del(body, member);
	}
	return proposal_parse(body, NOW, ret_proposal, ret_why);
}

static const struct {
	const char *member, *value, *field; /* NULL: accepted */
} members[] = {
	{"user", NULL, "user"},
	{"user", "\"Acme\"", "user"},
	{"user", "\"acme/../x\"", "user"},
	{"user", "7", "user"},
	{"targets", "[]", "targets"},
	{"targets", "[\"plc-gw\",\"plc-gw\"]", "targets"},
	{"targets", "[\"hmi-1\",\"plc-gw\"]", NULL},
	{"targets", "[\"-oProxyCommand=x\"]", "targets"},
	{"targets", "\"plc-gw\"", "targets"},
	{"protocols", "[\"ssh\",\"ssh\"]", "protocols"},
	{"protocols", "[\"smb\"]", "protocols"},
	{"protocols", "[\"tcp\"]", "protocols"},
	{"protocols", "[\"tcp/*\"]", "protocols"},
	{"protocols", "[\"tcp/502\",\"tcp/502\"]", "protocols"},
	{"protocols", "[]", "protocols"},
	{"not_before", "\"2026-11-23T19:46:00Z\"", NULL},
	{"not_before", "\"2026-11-23T19:44:00Z\"", "not_before"},
	{"not_before", "\"2026-11-23 20:00:00Z\"", "not_before"},
	{"not_before", "1795464000", "not_before"},
	{"not_after", "\"2026-11-23T20:00:00Z\"", "not_after"},
	{"not_after", "\"2026-11-23T20:00:59Z\"", "not_after"},
	{"not_after", "\"2026-11-23T20:01:00Z\"", NULL},
	{"not_after", "\"2027-11-25T20:00:00Z\"", "not_after"},
	{"not_after", "\"2026-11-23T21:00:00+01:00\"", "not_after"},
	{"purpose", NULL, "purpose"},
	{"purpose", "\"abc\"", "purpose"},
	{"purpose", "\"tausche Lüfter, größer\"", NULL},
	{"purpose", "\"two\\nlines\"", "purpose"},
	{"purpose", "\"\\u202eetacidni\"", "purpose"},
	{"purpose", "\"escape \\u001b[31m\"", "purpose"},
	{"ticket", "\"CHG-1234\"", NULL},
	{"ticket", "\"\"", NULL},
	{"ticket", "\"CHG 1\"", "ticket"},
	{"record", "\"required\"", NULL},
	{"record", "\"never\"", "record"},
	{"files", "[\"up\",\"down\"]", NULL},
	{"files", "[\"up\",\"up\"]", "files"},
	{"files", "[\"both\"]", "files"},
	{"files", "null", "files"},
	{"sources", "[\"192.0.2.0/24\",\"2001:db8::/32\"]", NULL},
	{"sources", "[\"192.0.2.1/24\"]", "sources"},
	{"sources", "[\"example.com\"]", "sources"},
	{"account", "\"maint\"", NULL},
	{"account", "\"-l root\"", "account"},
	{"bastion", "\"bastion1\"", NULL},
	{"bastion", "\"\"", "bastion"},
	{"approved_by", "[\"me\"]", "approved_by"},
	{"uid", "0", "uid"},
};

static void test_proposal_members(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		struct refusal why = {0};
		struct proposal d;
		int r = parse_with(
			members[i].member, members[i].value, &d, &why);

		if (members[i].field
				? r != -EPERM ||
					  strcmp(why.field, members[i].field) ||
					  why.detail[0] == '\0'
				: r != 0)
			fail_msg("row %zu %s=%s: %d %s: %s", i,
				members[i].member, members[i].value, r,
				why.field, why.detail);
	}
}

/* What a request does not ask for it does not get. */
static void test_files_are_asked_for(void **state)
{
	struct refusal why = {0};
	struct proposal d;

	(void)state;
	assert_int_equal(parse_with("ticket", "\"CHG-1\"", &d, &why), 0);
	assert_int_equal(d.files, 0);
	assert_int_equal(parse_with("files", "[\"down\"]", &d, &why), 0);
	assert_int_equal(d.files, FILES_DOWN);
}

static int check_with(const char *targets, const char *protocols,
	const char *until, const char *more, const char *value,
	unsigned *ret_needed, struct proposal *ret_proposal,
	struct refusal *ret_why)
{
	_cleanup_policy_ struct policy inventory = {0};
	_cleanup_json_ json_t *body = json_pack("{s:s,s:o,s:o,s:s,s:s,s:s}",
		"user", "acme-tech1", "targets", json_loads(targets, 0, NULL),
		"protocols", json_loads(protocols, 0, NULL), "not_before",
		"2026-11-23T20:00:00Z", "not_after", until, "purpose",
		"firmware");
	int r;

	assert_non_null(body);
	if (more)
		json_object_set_new(
			body, more, json_loads(value, JSON_DECODE_ANY, NULL));
	load_inventory(&inventory);
	r = proposal_parse(body, NOW, ret_proposal, ret_why);
	assert_int_equal(r, 0);
	return proposal_check(ret_proposal, &inventory, ret_needed, ret_why);
}

static void test_proposal_against_inventory(void **state)
{
	static const struct {
		const char *targets, *protocols, *until, *more, *value;
		unsigned needed; /* 0: refused, with this field */
		const char *field;
	} rows[] = {
		/* The short conduit asks for one, the long one for two. */
		{"[\"plc-gw\"]", "[\"ssh\"]", "2026-11-23T21:00:00Z", NULL,
			NULL, 1, NULL},
		{"[\"plc-gw\"]", "[\"ssh\"]", "2026-11-23T21:00:01Z", NULL,
			NULL, 2, NULL},
		{"[\"plc-gw\"]", "[\"ssh\",\"sftp\"]", "2026-11-23T20:30:00Z",
			NULL, NULL, 2, NULL},
		{"[\"plc-gw\"]", "[\"ssh\"]", "2026-11-24T04:00:01Z", NULL,
			NULL, 0, "not_after"},
		{"[\"hmi-1\"]", "[\"rdp\"]", "2026-11-23T21:00:00Z", NULL, NULL,
			2, NULL},
		{"[\"hmi-1\"]", "[\"rdp\"]", "2026-11-23T21:00:00Z", "account",
			"\"maint\"", 0, "account"},
		{"[\"hmi-1\"]", "[\"ssh\"]", "2026-11-23T21:00:00Z", "account",
			"\"maint\"", 0, "protocols"},
		{"[\"historian\"]", "[\"ssh\"]", "2026-11-23T21:00:00Z", NULL,
			NULL, 0, "account"},
		{"[\"historian\"]", "[\"ssh\"]", "2026-11-23T21:00:00Z",
			"account", "\"root\"", 3, NULL},
		{"[\"historian\"]", "[\"ssh\"]", "2026-11-23T21:00:00Z",
			"account", "\"admin\"", 0, "account"},
		{"[\"nowhere\"]", "[\"ssh\"]", "2026-11-23T21:00:00Z", NULL,
			NULL, 0, "targets"},
		{"[\"historian\",\"plc-gw\"]", "[\"ssh\"]",
			"2026-11-23T21:00:00Z", "account", "\"maint\"", 3,
			NULL},
		{"[\"plc-gw\"]", "[\"sftp\"]", "2026-11-23T21:00:00Z", "files",
			"[\"up\"]", 2, NULL},
		{"[\"plc-gw\"]", "[\"sftp\"]", "2026-11-23T21:00:00Z", "files",
			"[\"down\"]", 0, "files"},
		/* A port is granted by its number, where one carries it. */
		{"[\"plc-gw\"]", "[\"tcp/502\"]", "2026-11-23T21:00:00Z", NULL,
			NULL, 2, NULL},
		{"[\"plc-gw\"]", "[\"tcp/502\",\"tcp/4840\"]",
			"2026-11-23T21:00:00Z", NULL, NULL, 2, NULL},
		{"[\"plc-gw\"]", "[\"tcp/503\"]", "2026-11-23T21:00:00Z", NULL,
			NULL, 0, "protocols"},
		{"[\"plc-gw\"]", "[\"tcp/502\"]", "2026-11-23T21:00:00Z",
			"account", "\"maint\"", 0, "account"},
		{"[\"historian\"]", "[\"tcp/502\"]", "2026-11-23T21:00:00Z",
			NULL, NULL, 0, "targets"},
		{"[\"plc-gw\"]", "[\"ssh\",\"sftp\"]", "2026-11-23T20:30:00Z",
			"files", "[\"up\"]", 2, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct refusal why = {0};
		struct proposal d;
		unsigned needed = 0;
		int r = check_with(rows[i].targets, rows[i].protocols,
			rows[i].until, rows[i].more, rows[i].value, &needed, &d,
			&why);

		if (rows[i].needed ? r != 0 || needed != rows[i].needed
				   : r != -EPERM ||
					     strcmp(why.field, rows[i].field))
			fail_msg("row %zu: %d needs %u, %s: %s", i, r, needed,
				why.field, why.detail);
	}
}

static void test_limits_of_files_are_told(void **state)
{
	_cleanup_policy_ struct policy p = {0};

	(void)state;
	load_inventory(&p);
	assert_true(p.conduits[0].protocols.any_port);
	assert_int_equal(p.conduits[0].file_size_max, 1000);
	assert_int_equal(p.conduits[0].file_count_max, 7);
	assert_string_equal(p.conduits[0].file_patterns[0], "*.bin");
	assert_string_equal(p.conduits[0].file_check, "/");
	/* Those that say nothing of files are as they were. */
	assert_int_equal(p.conduits[1].file_pattern_count, 0);
	assert_string_equal(p.conduits[1].file_check, "");
}

static void test_account_is_chosen(void **state)
{
	struct refusal why = {0};
	struct proposal d;
	unsigned needed;

	(void)state;
	assert_int_equal(
		check_with("[\"plc-gw\"]", "[\"ssh\"]", "2026-11-23T21:00:00Z",
			NULL, NULL, &needed, &d, &why),
		0);
	assert_string_equal(d.account, "maint");
}

static int inventory_with(
	const char *path, size_t index, const char *member, const char *value)
{
	_cleanup_policy_ struct policy p = {0};
	_cleanup_json_ json_t *body = json_loads(inventory_text, 0, NULL);
	json_t *at = path ? json_array_get(json_object_get(body, path), index)
			  : body;
	struct refusal why = {0};

	json_object_set_new(
		at, member, json_loads(value, JSON_DECODE_ANY, NULL));
	return inventory_parse(body, &p, &why);
}

static void test_inventory_refused(void **state)
{
	static const struct {
		const char *path;
		size_t index;
		const char *member, *value;
		int expected;
	} rows[] = {
		{NULL, 0, "v", "1", 0},
		{NULL, 0, "v", "2", -EPERM},
		{NULL, 0, "uid_min", "1910000000", -EPERM},
		{NULL, 0, "keys", "[]", -EPERM},
		{"zones", 0, "name", "\"cell-a\"", -EPERM},
		{"zones", 0, "networks", "[\"10.0.0.0/8\"]", -EPERM},
		{"targets", 0, "address", "\"10.0.0.1\"", -EPERM},
		{"targets", 0, "zone", "\"cell-x\"", -EPERM},
		{"targets", 0, "name", "\"historian\"", -EPERM},
		{"targets", 1, "accounts", "[\"A\"]", -EPERM},
		{"conduits", 0, "users", "[\"*\"]", -EPERM},
		{"conduits", 0, "users", "[\"ac*\"]", -EPERM},
		{"conduits", 0, "users", "[\"beta-*\"]", 0},
		{"conduits", 0, "zones", "[\"cell-x\"]", -EPERM},
		{"conduits", 0, "approvals", "0", -EPERM},
		{"conduits", 0, "max_window_sec", "0", -EPERM},
		{"conduits", 0, "record", "\"no\"", -EPERM},
		{"conduits", 0, "files", "[\"left\"]", -EPERM},
		{"conduits", 0, "protocols", "[]", -EPERM},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int r = inventory_with(rows[i].path, rows[i].index,
			rows[i].member, rows[i].value);

		if (r != rows[i].expected)
			fail_msg("row %zu (%s): %d", i, rows[i].member, r);
	}
}

static const struct actor rita = {"rita", ROLE_REQUESTER};
static const struct actor anna = {"anna", ROLE_APPROVER};
static const struct actor bert = {"bert", ROLE_APPROVER | ROLE_REQUESTER};
static const struct actor tech = {"acme-tech1", ROLE_APPROVER};
static const struct actor adam = {"adam", ROLE_ADMIN};
static const struct actor rosa = {"rosa", ROLE_REQUESTER};

static struct visit_facts facts(enum visit_state state)
{
	return (struct visit_facts){
		.state = state,
		.requester = "rita",
		.user = "acme-tech1",
		.not_before = NOW,
		.not_after = NOW + 3600,
		.needed = 1,
	};
}

static void expect_approve(struct visit_facts f, const struct actor *a,
	int64_t now, enum visit_move move, enum refusal_kind kind)
{
	enum visit_move got = MOVE_NONE;
	struct refusal why = {0};
	int r = visit_approve(&f, a, now, &got, &why);

	if (move ? r != 0 || got != move : r != -EPERM || why.kind != kind)
		fail_msg("%s: %d, move %d, kind %d: %s", a->name, r, got,
			why.kind, why.detail);
}

static void test_approve(void **state)
{
	struct visit_facts pending = facts(VISIT_PENDING), f;

	(void)state;
	expect_approve(pending, &anna, NOW, MOVE_OPEN, 0);
	expect_approve(pending, &rita, NOW, 0, REFUSAL_FORBIDDEN);
	expect_approve(pending, &adam, NOW, 0, REFUSAL_FORBIDDEN);
	expect_approve(pending, &tech, NOW, 0, REFUSAL_OWN_REQUEST);
	expect_approve(pending, &anna, NOW + 3600, 0, REFUSAL_STATE);
	expect_approve(pending, &anna, NOW + 3599, MOVE_OPEN, 0);
	f = pending;
	f.requester = "bert";
	expect_approve(f, &bert, NOW, 0, REFUSAL_OWN_REQUEST);
	f = pending;
	f.needed = 2;
	expect_approve(f, &anna, NOW, MOVE_COUNT, 0);
	f.approvals = 1;
	expect_approve(f, &bert, NOW, MOVE_OPEN, 0);
	f.approved_by_actor = true;
	expect_approve(f, &anna, NOW, 0, REFUSAL_STATE);
	f = pending;
	f.needed = 0; /* nobody said how many: never open */
	expect_approve(f, &anna, NOW, MOVE_COUNT, 0);
	f = facts(VISIT_APPROVED);
	expect_approve(f, &anna, NOW, 0, REFUSAL_STATE);
	f.extend_to = NOW + 7200;
	f.extend_by = "rosa";
	expect_approve(f, &anna, NOW, MOVE_PROLONG, 0);
	f.extend_by = "anna";
	expect_approve(f, &anna, NOW, 0, REFUSAL_OWN_REQUEST);
}

static void test_deny_and_revoke(void **state)
{
	struct visit_facts pending = facts(VISIT_PENDING);
	struct visit_facts open = facts(VISIT_APPROVED);
	enum visit_move move = MOVE_NONE;
	struct refusal why;

	(void)state;
	assert_int_equal(visit_deny(&pending, &anna, NOW, &move, &why), 0);
	assert_int_equal(move, MOVE_DENY);
	assert_int_equal(visit_deny(&open, &anna, NOW, &move, &why), -EPERM);
	assert_int_equal(visit_deny(&pending, &rita, NOW, &move, &why), -EPERM);
	assert_int_equal(visit_revoke(&open, &anna, NOW, &move, &why), 0);
	assert_int_equal(move, MOVE_REVOKE);
	assert_int_equal(visit_revoke(&open, &rita, NOW, &move, &why), 0);
	assert_int_equal(move, MOVE_REVOKE);
	assert_int_equal(visit_revoke(&open, &rosa, NOW, &move, &why), -EPERM);
	assert_int_equal(why.kind, REFUSAL_FORBIDDEN);
	assert_int_equal(visit_revoke(&open, &adam, NOW, &move, &why), -EPERM);
	assert_int_equal(visit_revoke(&pending, &rita, NOW, &move, &why), 0);
	assert_int_equal(move, MOVE_WITHDRAW);
	assert_int_equal(
		visit_revoke(&pending, &anna, NOW, &move, &why), -EPERM);
	open.extend_to = NOW + 9000;
	assert_int_equal(visit_deny(&open, &anna, NOW, &move, &why), 0);
	assert_int_equal(move, MOVE_DENY_EXTENSION);
}

static void test_extend(void **state)
{
	struct visit_facts open = facts(VISIT_APPROVED);
	enum visit_move move = MOVE_NONE;
	struct refusal why;
	int64_t to = NOW + 7200;

	(void)state;
	assert_int_equal(visit_extend(&open, &rita, to, NOW, &move, &why), 0);
	assert_int_equal(move, MOVE_ASK_EXTENSION);
	assert_int_equal(visit_extend(&open, &anna, to, NOW, &move, &why), 0);
	assert_int_equal(move, MOVE_PROLONG);
	assert_int_equal(visit_extend(&open, &tech, to, NOW, &move, &why), 0);
	assert_int_equal(move, MOVE_ASK_EXTENSION);
	open.needed = 2;
	assert_int_equal(visit_extend(&open, &anna, to, NOW, &move, &why), 0);
	assert_int_equal(move, MOVE_COUNT);
	assert_int_equal(
		visit_extend(&open, &rosa, to, NOW, &move, &why), -EPERM);
	assert_int_equal(
		visit_extend(&open, &anna, NOW + 3600, NOW, &move, &why),
		-EPERM);
	assert_string_equal(why.field, "not_after");
	open.extend_to = to;
	assert_int_equal(
		visit_extend(&open, &anna, to, NOW, &move, &why), -EPERM);
}

/* Over all facts: nobody without the role, nobody of whom it is, and never
 * fewer than needed, opens or prolongs anything. */
static void test_property_never_alone(void **state)
{
	const struct actor *actors[] = {
		&rita, &anna, &bert, &tech, &adam, &rosa};
	const char *requesters[] = {"rita", "anna", "bert", "rosa"};
	size_t opened = 0;

	(void)state;
	for (unsigned bits = 0; bits < 6 * 4 * 6 * 4 * 4 * 2 * 2; bits++) {
		unsigned b = bits;
		const struct actor *a = actors[b % 6];
		struct visit_facts f = {.user = "acme-tech1",
			.not_before = NOW,
			.not_after = NOW + 60};
		enum visit_move move = MOVE_NONE;
		struct refusal why;

		f.requester = requesters[(b /= 6) % 4];
		f.state = (enum visit_state)((b /= 4) % 6);
		f.needed = (b /= 6) % 4;
		f.approvals = (b /= 4) % 4;
		f.extend_to = (b /= 4) % 2 ? NOW + 120 : 0;
		f.approved_by_actor = (b /= 2) % 2;
		if (visit_approve(&f, a, NOW, &move, &why) < 0)
			continue;
		if (move != MOVE_OPEN && move != MOVE_PROLONG)
			continue;
		opened++;
		assert_true(a->roles & ROLE_APPROVER);
		assert_string_not_equal(a->name, f.requester);
		assert_string_not_equal(a->name, f.user);
		assert_false(f.approved_by_actor);
		assert_true(f.needed >= 1);
		assert_true(f.approvals + 1 >= f.needed);
		assert_true(f.state == VISIT_PENDING ||
			    (f.state == VISIT_APPROVED && f.extend_to));
	}
	assert_true(opened > 0);
}

static void test_keys_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good_keys); i++) {
		struct sshkey k = {0};
		struct refusal why = {0};
		char text[SSHKEY_TEXT_MAX];

		snprintf(text, sizeof(text), "%s someone@somewhere else\n",
			good_keys[i].line);
		if (sshkey_parse(text, "key", &k, &why) < 0)
			fail_msg("%s: %s", good_keys[i].line, why.detail);
		assert_string_equal(k.line, good_keys[i].line);
		assert_string_equal(k.fingerprint, good_keys[i].fingerprint);
	}
}

static void test_keys_refused(void **state)
{
	static const char ed[] = "AAAAC3NzaC1lZDI1NTE5AAAAIKGi0QWnbIdNdTe0T1tY"
				 "DHWQTwKkIq1TtBpUVxTntCcX";
	static const struct {
		const char *before, *after;
	} rows[] = {
		{"command=\"/bin/sh\" ssh-ed25519 ", ""},
		{"restrict ssh-ed25519 ", ""},
		{"ssh-rsa ", ""},
		{"ssh-dss ", ""},
		{"ssh-ed25519  ", ""},
		{"ssh-ed25519\t", ""},
		{" ssh-ed25519 ", ""},
		{"ssh-ed25519 A", ""},
		{"ssh-ed25519 ", "AAAA"},
		{"ssh-ed25519 ", "\nssh-ed25519 AAAA"},
		{"ssh-ed25519 ", "\n\n"},
		{"", ""},
		{"ssh-ed25519-cert-v01@openssh.com ", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct refusal why = {0};
		char text[512];
		struct sshkey k;

		snprintf(text, sizeof(text), "%s%s%s", rows[i].before, ed,
			rows[i].after);
		if (sshkey_parse(text, "key", &k, &why) != -EPERM)
			fail_msg("accepted: %s", text);
		assert_string_equal(why.field, "key");
	}
}

/* Every shorter text, and every changed character of the blob's head. */
static void test_keys_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good_keys); i++) {
		size_t len = strlen(good_keys[i].line);
		char text[SSHKEY_LINE_SIZE];
		struct refusal why;
		struct sshkey k;

		for (size_t cut = 0; cut < len; cut++) {
			memcpy(text, good_keys[i].line, cut);
			text[cut] = '\0';
			assert_int_equal(
				sshkey_parse(text, "key", &k, &why), -EPERM);
		}
	}
}

static void test_text(void **state)
{
	static const char *const good[] = {"", "plain", "Grüße, 東京",
		"emoji \xf0\x9f\x98\x80", "a'b\"c<d>&"};
	static const char *const bad[] = {"a\tb", "a\nb", "\x7f", "\xc2\x85",
		"\xe2\x80\xae", "\xe2\x80\x8b", "\xef\xbb\xbfx", "\xc0\x80",
		"\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "a\xc3", "\xe2\x80",
		"\xf0\x9f\x98", "\x80", "\xe2\x81\xa6", "\xf3\xa0\x81\x81",
		"\xef\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xe0\x9f\xbf"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(text_plain(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (text_plain(bad[i]))
			fail_msg("row %zu passes", i);
}

static void test_roles(void **state)
{
	char text[ROLE_TEXT_SIZE];

	(void)state;
	for (int a = ACTION_NONE; a <= ACTION_COUNT; a++)
		assert_false(role_may(ROLE_NONE, (enum action)a));
	assert_false(role_may(ROLE_ALL, ACTION_NONE));
	assert_false(role_may(ROLE_ALL, ACTION_COUNT));
	assert_false(role_may(ROLE_ADMIN, ACTION_APPROVE));
	assert_false(role_may(ROLE_APPROVER, ACTION_EDIT_USERS));
	assert_false(role_may(ROLE_AUDITOR, ACTION_REVOKE));
	assert_true(role_may(ROLE_AUDITOR, ACTION_SEE_LOG));
	assert_false(role_set_valid(ROLE_NONE));
	assert_false(role_set_valid(ROLE_ADMIN | ROLE_APPROVER));
	assert_false(role_set_valid(16));
	assert_true(role_set_valid(ROLE_REQUESTER | ROLE_APPROVER));
	assert_string_equal(role_set_format(ROLE_ALL, text, sizeof(text)),
		"requester approver admin auditor");
	assert_int_equal(role_from_name("root"), ROLE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_proposal_members),
		cmocka_unit_test(test_files_are_asked_for),
		cmocka_unit_test(test_proposal_against_inventory),
		cmocka_unit_test(test_limits_of_files_are_told),
		cmocka_unit_test(test_account_is_chosen),
		cmocka_unit_test(test_inventory_refused),
		cmocka_unit_test(test_approve),
		cmocka_unit_test(test_deny_and_revoke),
		cmocka_unit_test(test_extend),
		cmocka_unit_test(test_property_never_alone),
		cmocka_unit_test(test_keys_accepted),
		cmocka_unit_test(test_keys_refused),
		cmocka_unit_test(test_keys_cut),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_roles),
	};

	return cmocka_run_group_tests_name(
		"approvals-rules", tests, NULL, NULL);
}
