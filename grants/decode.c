/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One function a kind of body, each in the order of doc/formats/rights.md.
 * The cursor stays failed after the first failure, so each looks once, at its
 * end, that all was taken and nothing was left over.
 */
#include "grants/decode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define FILES_BITS ((unsigned int)(FILES_UP | FILES_DOWN))

static void refuse(struct cursor *in)
{
	in->failed = true;
}

/* Length, then bytes without a NUL; printable ASCII unless utf8. */
static void take_text(struct cursor *in, char *text, size_t size, bool utf8)
{
	size_t len = cursor_u16(in);
	const unsigned char *bytes;

	text[0] = '\0';
	if (len >= size)
		return refuse(in);
	bytes = cursor_bytes(in, len);
	for (size_t i = 0; bytes && i < len; i++)
		if (bytes[i] < 0x20 || bytes[i] == 0x7f ||
			(bytes[i] > 0x7f && !utf8))
			return refuse(in);
	if (!bytes)
		return;
	memcpy(text, bytes, len);
	text[len] = '\0';
}

static void take_name(struct cursor *in, char name[NAME_SIZE], bool may_lack)
{
	take_text(in, name, NAME_SIZE, false);
	if (!name_valid(name) && !(may_lack && name[0] == '\0'))
		refuse(in);
}

static void take_pattern(struct cursor *in, char pattern[NAME_SIZE])
{
	take_text(in, pattern, NAME_SIZE, false);
	if (!pattern_valid(pattern))
		refuse(in);
}

static size_t take_count(struct cursor *in, size_t max)
{
	size_t n = cursor_u16(in);

	if (n > max)
		refuse(in);
	return in->failed ? 0 : n;
}

static uint8_t take_small(struct cursor *in, uint8_t max)
{
	uint8_t value = cursor_u8(in);

	if (value > max)
		refuse(in);
	return in->failed ? 0 : value;
}

static bool take_flag(struct cursor *in)
{
	return take_small(in, 1) == 1;
}

static void take_address(struct cursor *in, struct address *a)
{
	uint8_t version = cursor_u8(in);
	const void *bytes = cursor_bytes(in, sizeof(a->bytes));

	memset(a, 0, sizeof(*a));
	if (version != 4 && version != 6)
		refuse(in);
	if (in->failed)
		return;
	a->family = version == 4 ? AF_INET : AF_INET6;
	memcpy(a->bytes, bytes, sizeof(a->bytes));
}

static void take_network(struct cursor *in, struct network *n)
{
	take_address(in, &n->address);
	n->prefix = take_small(in, n->address.family == AF_INET ? 32 : 128);
}

static void take_protocols(struct cursor *in, struct proto_set *set)
{
	size_t count;

	set->named = cursor_u32(in);
	if (set->named & ~PROTO_NAMED_ALL)
		refuse(in);
	set->any_port = take_flag(in);
	count = take_count(in, PROTO_PORTS_MAX);
	for (size_t i = 0; i < count; i++) {
		set->ports[i] = cursor_u16(in);
		if (set->ports[i] == 0 ||
			(i > 0 && set->ports[i - 1] >= set->ports[i]))
			refuse(in);
	}
	set->port_count = (uint16_t)count;
}

static void take_ports(struct cursor *in, uint16_t ports[POLICY_PORTS_MAX])
{
	size_t count = take_count(in, POLICY_PORTS_MAX);

	for (size_t i = 0; i < count; i++) {
		ports[i] = cursor_u16(in);
		if (ports[i] == 0)
			refuse(in);
	}
}

static void take_origin(struct cursor *in, struct origin *o)
{
	take_text(in, o->file, sizeof(o->file), true);
	o->line = cursor_u32(in);
}

static int finish(const struct cursor *in)
{
	return cursor_done(in) ? 0 : -EBADMSG;
}

int decode_info(struct cursor *in, struct rights_info *ret_info)
{
	struct rights_info info = {0};
	struct settings *s = &info.settings;

	info.generation = cursor_u64(in);
	info.serial = cursor_u64(in);
	info.issued = (int64_t)cursor_u64(in);
	info.expires = (int64_t)cursor_u64(in);
	take_name(in, s->bastion_id, false);
	s->uid_min = cursor_u32(in);
	s->uid_max = cursor_u32(in);
	s->audit_optional = take_flag(in);
	s->health_max_age_sec = cursor_u32(in);
	s->clock_unsynced_max_sec = cursor_u32(in);
	s->disk_reserve_mib = cursor_u32(in);
	take_text(in, s->time_zone, sizeof(s->time_zone), false);
	s->relay_port = cursor_u16(in);
	s->sessions_max = cursor_u16(in);
	while (cursor_left(in) > 0) /* to the end of the last cell */
		(void)take_small(in, 0);
	if (finish(in) < 0)
		return -EBADMSG;
	*ret_info = info;
	return 0;
}

int decode_zone(struct cursor *in, struct zone *ret_zone)
{
	struct zone z = {0};

	take_name(in, z.name, false);
	take_text(in, z.description, sizeof(z.description), true);
	z.level = cursor_u8(in);
	z.network_count = take_count(in, POLICY_NETWORKS_MAX);
	for (size_t i = 0; i < z.network_count; i++)
		take_network(in, &z.networks[i]);
	take_origin(in, &z.origin);
	if (finish(in) < 0)
		return -EBADMSG;
	*ret_zone = z;
	return 0;
}

static int take_hostkeys(struct cursor *in, struct target *t)
{
	t->hostkey_count = take_count(in, POLICY_HOSTKEYS_MAX);
	if (t->hostkey_count == 0)
		return 0;
	t->hostkeys = calloc(t->hostkey_count, sizeof(*t->hostkeys));
	if (!t->hostkeys)
		return -ENOMEM;
	for (size_t i = 0; i < t->hostkey_count; i++)
		take_text(in, t->hostkeys[i], sizeof(t->hostkeys[i]), false);
	return 0;
}

static void take_device(struct cursor *in, struct target *t, uint32_t *ret_via)
{
	*ret_via = cursor_u32(in);
	t->crypto = cursor_u32(in);
	if (t->crypto & ~(uint32_t)CRYPTO_ALL)
		refuse(in);
	t->crypto_until = (int64_t)cursor_u64(in);
	t->credential = (enum credential)take_small(in, CREDENTIAL_KEY);
	take_text(in, t->login_user, sizeof(t->login_user), false);
	take_text(in, t->login_password, sizeof(t->login_password), false);
	take_text(in, t->login_ready, sizeof(t->login_ready), false);
	take_text(in, t->login_failed, sizeof(t->login_failed), false);
	t->line_end = (enum line_end)take_small(in, LINE_END_LF);
}

int decode_target(struct cursor *in, struct target *ret_target,
	uint32_t *ret_zone, uint32_t *ret_via)
{
	struct target t = {0};
	uint32_t zone, via;

	take_name(in, t.name, false);
	t.hop_only = take_flag(in);
	zone = cursor_u32(in);
	t.address_count = take_count(in, POLICY_ADDRS_MAX);
	for (size_t i = 0; i < t.address_count; i++)
		take_address(in, &t.addresses[i]);
	take_protocols(in, &t.protocols);
	for (size_t p = PROTO_NONE + 1; p < PROTO_TCP; p++)
		take_ports(in, t.port[p]);
	t.account_count = take_count(in, POLICY_ACCOUNTS_MAX);
	for (size_t i = 0; i < t.account_count; i++)
		take_name(in, t.accounts[i], false);
	take_device(in, &t, &via);
	take_origin(in, &t.origin);
	if (take_hostkeys(in, &t) < 0)
		return -ENOMEM;
	if (finish(in) < 0) {
		free(t.hostkeys);
		return -EBADMSG;
	}
	*ret_target = t;
	*ret_zone = zone;
	*ret_via = via;
	return 0;
}

static void take_files(struct cursor *in, struct conduit *c)
{
	c->file_size_max = cursor_u64(in);
	c->file_count_max = cursor_u32(in);
	c->file_pattern_count = take_count(in, POLICY_FILE_PATTERNS_MAX);
	for (size_t i = 0; i < c->file_pattern_count; i++)
		take_text(in, c->file_patterns[i], sizeof(c->file_patterns[i]),
			false);
	take_text(in, c->file_check, sizeof(c->file_check), false);
	if (c->file_check[0] && c->file_check[0] != '/')
		refuse(in);
	c->file_check_max = cursor_u64(in);
}

int decode_conduit(struct cursor *in, struct conduit *ret_conduit)
{
	struct conduit c = {0};

	take_name(in, c.name, false);
	c.user_count = take_count(in, POLICY_PATTERNS_MAX);
	for (size_t i = 0; i < c.user_count; i++)
		take_pattern(in, c.users[i]);
	c.zone_count = take_count(in, POLICY_PATTERNS_MAX);
	for (size_t i = 0; i < c.zone_count; i++)
		take_name(in, c.zones[i], false);
	take_protocols(in, &c.protocols);
	c.max_window_sec = cursor_u32(in);
	c.grace_sec = cursor_u32(in);
	c.otp_grace_sec = cursor_u32(in);
	c.approvals = cursor_u16(in);
	c.max_sessions = cursor_u16(in);
	c.max_connections = cursor_u16(in);
	c.record = (enum record)take_small(in, RECORD_NONE);
	c.files = take_small(in, FILES_BITS);
	take_files(in, &c);
	take_origin(in, &c.origin);
	if (finish(in) < 0)
		return -EBADMSG;
	*ret_conduit = c;
	return 0;
}

int decode_user(struct cursor *in, struct decoded_user *ret_user)
{
	struct decoded_user *u = ret_user;

	u->key_count = take_count(in, RIGHTS_KEYS_MAX);
	for (size_t i = 0; i < u->key_count; i++)
		take_text(in, u->keys[i], sizeof(u->keys[i]), false);
	u->conduit_count = take_count(in, DECODE_CONDUITS_MAX);
	for (size_t i = 0; i < u->conduit_count; i++)
		u->conduits[i] = cursor_u32(in);
	return finish(in);
}

static void take_ids(struct cursor *in, struct grant *g)
{
	take_text(in, g->id, sizeof(g->id), false);
	if (!id_valid(g->id))
		refuse(in);
	take_text(in, g->ticket, sizeof(g->ticket), false);
	if (g->ticket[0] && !id_valid(g->ticket))
		refuse(in);
}

int decode_grant(struct cursor *in, struct grant *ret_grant,
	uint32_t ret_targets[DECODE_TARGETS_MAX])
{
	struct grant g = {0};

	take_ids(in, &g);
	take_name(in, g.account, true);
	take_protocols(in, &g.protocols);
	if (g.protocols.any_port)
		refuse(in); /* a grant names its ports */
	g.record = (enum record)take_small(in, RECORD_NONE);
	g.files = take_small(in, FILES_BITS);
	g.target_count = take_count(in, DECODE_TARGETS_MAX);
	for (size_t i = 0; i < g.target_count; i++)
		ret_targets[i] = cursor_u32(in);
	g.approver_count = take_count(in, GRANT_APPROVERS_MAX);
	for (size_t i = 0; i < g.approver_count; i++)
		take_name(in, g.approvers[i], false);
	g.source_count = take_count(in, GRANT_SOURCES_MAX);
	for (size_t i = 0; i < g.source_count; i++)
		take_network(in, &g.sources[i]);
	if (finish(in) < 0)
		return -EBADMSG;
	*ret_grant = g;
	return 0;
}
