/* SPDX-License-Identifier: BSD-2-Clause */
/* The pools below are small on purpose: what is picked meets often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tests/unit/grants_fixture.h"
#include "tests/unit/scratch.h"

const struct locals fixture_no_locals = {0};

static const char *const zone_names[] = {"cell-a", "cell-b", "cell-c"};
static const char *const target_names[] = {
	"drive-9", "hmi-1", "hmi-2", "historian", "plc-gw"};
static const char *const user_names[] = {
	"acme-tech1", "acme-tech2", "bolt-x", "carl"};
static const char *const patterns[] = {
	"acme-*", "bolt-*", "acme-tech1", "bolt-x", "car*", "zulu*"};
static const char *const accounts[] = {"maint", "oper", "root"};
static const char *const approvers[] = {"anna", "bert", "cora", "carl"};

uint32_t dice_roll(struct dice *d, uint32_t sides)
{
	/* splitmix64 */
	uint64_t z = d->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	return (uint32_t)(z % sides);
}

static bool likely(struct dice *d)
{
	return dice_roll(d, 4) != 0;
}

static void set_name(char to[NAME_SIZE], const char *name)
{
	(void)snprintf(to, NAME_SIZE, "%s", name);
}

static void set_settings(struct settings *s)
{
	set_name(s->bastion_id, "bastion1");
	s->uid_min = POLICY_DEFAULT_UID_MIN;
	s->uid_max = POLICY_DEFAULT_UID_MAX;
	s->health_max_age_sec = 30;
	s->clock_unsynced_max_sec = 3600;
	s->disk_reserve_mib = 512;
	s->relay_port = 722;
	s->sessions_max = 100;
	(void)snprintf(s->time_zone, sizeof(s->time_zone), "Europe/Berlin");
}

static void set_origin(struct origin *o, uint32_t line)
{
	(void)snprintf(o->file, sizeof(o->file), "policy.d/cells.conf");
	o->line = line;
}

static const uint16_t tcp_ports[] = {502, 4840, 44818};

static struct proto_set roll_protocols(struct dice *d)
{
	struct proto_set set = {.named = 1u << PROTO_SSH};

	for (int p = PROTO_NONE + 1; p < PROTO_TCP; p++)
		if (dice_roll(d, 3) == 0)
			set.named ^= 1u << p;
	for (size_t i = 0; i < ARRAY_LEN(tcp_ports); i++)
		if (dice_roll(d, 3) == 0)
			(void)proto_set_add(&set, PROTO_TCP, tcp_ports[i]);
	if (proto_set_empty(&set))
		set.named = 1u << PROTO_RDP;
	return set;
}

static void make_zones(struct policy *p)
{
	p->zones = calloc(ARRAY_LEN(zone_names), sizeof(*p->zones));
	assert_non_null(p->zones);
	for (size_t i = 0; i < ARRAY_LEN(zone_names); i++) {
		struct zone *z = &p->zones[p->zone_count++];
		char text[32];

		set_name(z->name, zone_names[i]);
		(void)snprintf(z->description, sizeof(z->description),
			"Packaging line %zu, F\xc3\xbcller", i);
		z->level = 2;
		(void)snprintf(text, sizeof(text), "10.%zu.0.0/16", i + 1);
		assert_int_equal(network_parse(text, &z->networks[0]), 0);
		(void)snprintf(text, sizeof(text), "fd00:%zu::/64", i + 1);
		assert_int_equal(network_parse(text, &z->networks[1]), 0);
		z->network_count = 2;
		set_origin(&z->origin, (uint32_t)(10 * i + 1));
	}
}

static void set_login(char to[POLICY_LOGIN_SIZE], const char *text)
{
	(void)snprintf(to, POLICY_LOGIN_SIZE, "%s", text);
}

static void make_target(struct dice *d, struct target *t, size_t number)
{
	uint32_t zone = dice_roll(d, ARRAY_LEN(zone_names));
	char text[32];

	set_name(t->name, target_names[number]);
	set_name(t->zone, zone_names[zone]);
	(void)snprintf(text, sizeof(text), "10.%u.0.%zu", zone + 1, number + 1);
	assert_int_equal(address_parse(text, &t->addresses[0]), 0);
	t->address_count = 1;
	if (dice_roll(d, 2)) {
		(void)snprintf(text, sizeof(text), "fd00:%u::%zu", zone + 1,
			number + 1);
		assert_int_equal(address_parse(text, &t->addresses[1]), 0);
		t->address_count = 2;
	}
	t->protocols = roll_protocols(d);
	for (int p = PROTO_NONE + 1; p < PROTO_COUNT; p++)
		t->port[p][0] = proto_default_port((enum proto)p);
	if (dice_roll(d, 2))
		t->port[PROTO_HTTPS][1] = 8443;
	if (dice_roll(d, 4) == 0) {
		t->crypto = 1 + dice_roll(d, CRYPTO_ALL);
		t->crypto_until = FIXTURE_NOW + 86400;
	}
	t->credential = (enum credential)dice_roll(d, 3);
	t->line_end = (enum line_end)dice_roll(d, 4);
	if (dice_roll(d, 3) == 0) {
		set_login(t->login_user, "login:");
		set_login(t->login_password, "Password:");
		set_login(t->login_ready, ">");
		set_login(t->login_failed, "incorrect");
	}
	t->account_count = 1 + dice_roll(d, 2);
	for (size_t i = 0; i < t->account_count; i++)
		set_name(t->accounts[i], accounts[i]);
	t->hostkey_count = dice_roll(d, 3);
	t->hostkeys = calloc(3, sizeof(*t->hostkeys));
	assert_non_null(t->hostkeys);
	for (size_t i = 0; i < t->hostkey_count; i++)
		(void)snprintf(t->hostkeys[i], sizeof(t->hostkeys[i]), "%s",
			FIXTURE_KEY);
	set_origin(&t->origin, (uint32_t)(100 + number));
}

static void make_conduit(struct dice *d, struct conduit *c, size_t number)
{
	char name[NAME_SIZE];

	(void)snprintf(name, sizeof(name), "conduit-%zu", number);
	set_name(c->name, name);
	c->user_count = 1 + dice_roll(d, 2);
	for (size_t i = 0; i < c->user_count; i++)
		set_name(c->users[i],
			patterns[dice_roll(d, ARRAY_LEN(patterns))]);
	for (size_t i = 0; i < ARRAY_LEN(zone_names); i++)
		if (dice_roll(d, 2))
			set_name(c->zones[c->zone_count++], zone_names[i]);
	c->protocols = roll_protocols(d);
	c->max_window_sec = dice_roll(d, 4) ? 12 * 3600 : 3600;
	c->grace_sec = dice_roll(d, 60);
	c->otp_grace_sec = dice_roll(d, 2) * 600;
	c->approvals = (uint16_t)(1 + (dice_roll(d, 4) == 0));
	c->max_sessions = (uint16_t)(1 + dice_roll(d, 4));
	c->max_connections = (uint16_t)(1 + dice_roll(d, 16));
	c->record = (enum record)dice_roll(d, 3);
	c->files = (uint8_t)dice_roll(d, 4);
	c->protocols.any_port = dice_roll(d, 3) == 0;
	c->file_size_max = 1ull << dice_roll(d, 40);
	c->file_count_max = 1 + dice_roll(d, 10000);
	c->file_check_max = 1u << dice_roll(d, 30);
	if (dice_roll(d, 2)) {
		c->file_pattern_count = 2;
		(void)snprintf(c->file_patterns[0], 64, "*.bin");
		(void)snprintf(c->file_patterns[1], 64, "*.acd");
		(void)snprintf(c->file_check, sizeof(c->file_check),
			"/usr/bin/true --quiet");
	}
	set_origin(&c->origin, (uint32_t)(200 + number));
}

static int compare_targets(const void *a, const void *b)
{
	return strcmp(((const struct target *)a)->name,
		((const struct target *)b)->name);
}

void fixture_random_policy(struct dice *d, struct policy *ret_policy)
{
	struct policy p = {0};
	size_t targets = 1 + dice_roll(d, ARRAY_LEN(target_names));
	size_t conduits = dice_roll(d, 4) ? 2 + dice_roll(d, 4) : 0;

	set_settings(&p.settings);
	make_zones(&p);
	p.targets = calloc(targets, sizeof(*p.targets));
	p.conduits = calloc(conduits + 1, sizeof(*p.conduits));
	assert_non_null(p.targets);
	assert_non_null(p.conduits);
	while (p.target_count < targets) {
		make_target(d, &p.targets[p.target_count], p.target_count);
		p.target_count++;
	}
	qsort(p.targets, targets, sizeof(*p.targets), compare_targets);
	while (p.conduit_count < conduits) {
		make_conduit(d, &p.conduits[p.conduit_count], p.conduit_count);
		p.conduit_count++;
	}
	*ret_policy = p;
}

void fixture_policy(struct policy *ret_policy)
{
	struct dice d = {1};
	struct conduit *c;

	fixture_random_policy(&d, ret_policy);
	while (ret_policy->target_count < ARRAY_LEN(target_names)) {
		policy_done(ret_policy);
		fixture_random_policy(&d, ret_policy);
	}
	for (size_t i = 0; i < ret_policy->target_count; i++) {
		ret_policy->targets[i].protocols.named |=
			1u << PROTO_SSH | 1u << PROTO_SFTP;
		set_name(ret_policy->targets[i].zone, "cell-a");
	}
	free(ret_policy->conduits);
	ret_policy->conduits = c = calloc(1, sizeof(*c));
	assert_non_null(c);
	ret_policy->conduit_count = 1;
	make_conduit(&d, c, 0);
	c->user_count = 1;
	set_name(c->users[0], "acme-*");
	c->zone_count = 1;
	set_name(c->zones[0], "cell-a");
	c->protocols =
		(struct proto_set){.named = 1u << PROTO_SSH | 1u << PROTO_SFTP};
	c->max_window_sec = 8 * 3600;
	c->approvals = 1;
	c->files = FILES_UP | FILES_DOWN;
	c->record = RECORD_REQUIRED;
}

json_t *fixture_user(const char *name, uint32_t uid)
{
	json_t *user = json_pack("{s:s,s:i,s:s,s:b,s:[s]}", "name", name, "uid",
		(int)uid, "gecos", "Tech \xc3\x96ne, Acme", "disabled", 0,
		"keys", FIXTURE_KEY);

	assert_non_null(user);
	return user;
}

json_t *fixture_grant(const char *id, const char *user)
{
	json_t *grant = json_pack(
		"{s:s,s:s,s:[s,s],s:[s,s],s:s,s:I,s:I,s:b,s:[s,s],s:s,s:s,"
		"s:[s],s:[]}",
		"id", id, "user", user, "targets", "hmi-1", "plc-gw",
		"protocols", "ssh", "sftp", "account", "maint", "not_before",
		(json_int_t)FIXTURE_NOW, "not_after",
		(json_int_t)FIXTURE_NOW + 4 * 3600, "revoked", 0, "approved_by",
		"anna", "bert", "ticket", "CHG-1", "record", "required",
		"files", "up", "sources");

	assert_non_null(grant);
	return grant;
}

static json_t *envelope(json_t *users, json_t *grants)
{
	json_t *tree = json_pack("{s:i,s:s,s:s,s:I,s:I,s:i,s:o,s:o}", "v", 1,
		"iss", "approvals", "aud", "bastion1", "iat",
		(json_int_t)FIXTURE_NOW, "exp",
		(json_int_t)FIXTURE_NOW + 3 * 86400, "serial", 42, "users",
		users, "grants", grants);

	assert_non_null(tree);
	return tree;
}

json_t *fixture_snapshot(void)
{
	return envelope(
		json_pack("[o,o]", fixture_user("acme-tech1", FIXTURE_UID),
			fixture_user("acme-tech2", FIXTURE_UID + 1)),
		json_pack("[o,o]", fixture_grant("G-1", "acme-tech1"),
			fixture_grant("G-2", "acme-tech2")));
}

static json_t *roll_words(
	struct dice *d, const char *const *words, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		if (dice_roll(d, 2))
			json_array_append_new(list, json_string(words[i]));
	if (json_array_size(list) == 0)
		json_array_append_new(list,
			json_string(words[dice_roll(d, (uint32_t)count)]));
	return list;
}

static void set(json_t *object, const char *member, json_t *value)
{
	assert_int_equal(json_object_set_new(object, member, value), 0);
}

/* Approvers of a grant are never its user. */
static json_t *roll_approvers(struct dice *d, const char *user)
{
	size_t count = ARRAY_LEN(approvers) - (strcmp(user, "carl") == 0);

	return roll_words(d, approvers, count);
}

static json_t *roll_grant(struct dice *d, size_t number, const char *user)
{
	static const char *const protos[] = {"ssh", "sftp", "rdp", "vnc",
		"http", "https", "telnet", "tcp/502", "tcp/4840", "tcp/8000"};
	static const char *const records[] = {"required", "optional", "none"};
	int64_t from = FIXTURE_NOW + (int64_t)dice_roll(d, 7) * 1800 - 5400;
	int64_t to = from + 1800 * (1 + (int64_t)dice_roll(d, 20));
	char id[24];
	json_t *g;

	(void)snprintf(id, sizeof(id), "G-%06zu", number);
	g = fixture_grant(id, user);
	set(g, "targets", roll_words(d, target_names, ARRAY_LEN(target_names)));
	set(g, "protocols", roll_words(d, protos, ARRAY_LEN(protos)));
	set(g, "account", json_string(likely(d) ? "maint" : "oper"));
	set(g, "not_before", json_integer(from));
	set(g, "not_after", json_integer(to));
	set(g, "revoked", json_boolean(dice_roll(d, 6) == 0));
	set(g, "approved_by", roll_approvers(d, user));
	set(g, "record", json_string(records[dice_roll(d, 3)]));
	if (dice_roll(d, 3) == 0)
		set(g, "sources",
			json_pack("[s,s]", "192.0.2.0/24", "2001:db8::/32"));
	return g;
}

json_t *fixture_random_snapshot(struct dice *d, const struct policy *p)
{
	json_t *users = json_array(), *grants = json_array();
	size_t number = 0;

	(void)p;
	for (size_t i = 0; i < ARRAY_LEN(user_names); i++) {
		json_t *u = fixture_user(
			user_names[i], FIXTURE_UID + 7 * (uint32_t)i);

		set(u, "disabled", json_boolean(dice_roll(d, 8) == 0));
		json_array_append_new(users, u);
	}
	for (size_t n = dice_roll(d, 24); n > 0; n--)
		json_array_append_new(
			grants, roll_grant(d, number++,
					user_names[dice_roll(
						d, ARRAY_LEN(user_names))]));
	return envelope(users, grants);
}

void fixture_parse(const json_t *tree, struct snapshot *ret_snapshot)
{
	_cleanup_free_ char *text = json_dumps(tree, JSON_COMPACT);
	struct fault why = {0};

	assert_non_null(text);
	if (snapshot_parse(text, strlen(text), ret_snapshot, &why) < 0)
		fail_msg("%s: %s", why.word, why.text);
}

void fixture_folder(char path[64])
{
	assert_int_equal(scratch_make(path, 64), 0);
}

void fixture_remove(const char *path)
{
	(void)scratch_drop(path);
}

void fixture_publish(const char *dir, const struct compiled *c,
	struct published *ret_published)
{
	struct publish how = {.dir = dir, .owner = getuid(), .users_gid = 4242};
	int e = publish_generation(&how, c, ret_published);

	if (e < 0)
		fail_msg("publish: %s", strerror(-e));
}
