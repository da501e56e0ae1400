/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One function a kind of body, each in the order of doc/formats/rights.md,
 * and in the same order as its twin in decode.c.
 */
#include "grants/encode.h"

#include <string.h>

static void put_bytes(struct body *b, const void *bytes, size_t len)
{
	if (b->failed || len > sizeof(b->bytes) - b->len) {
		b->failed = true;
		return;
	}
	memcpy(b->bytes + b->len, bytes, len);
	b->len += len;
}

static void put_number(struct body *b, uint64_t value, size_t size)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
	put_bytes(b, bytes, size);
}

static void put_u8(struct body *b, uint8_t value)
{
	put_number(b, value, 1);
}

static void put_u16(struct body *b, uint16_t value)
{
	put_number(b, value, 2);
}

static void put_u32(struct body *b, uint32_t value)
{
	put_number(b, value, 4);
}

static void put_u64(struct body *b, uint64_t value)
{
	put_number(b, value, 8);
}

static void put_count(struct body *b, size_t count)
{
	if (count > UINT16_MAX)
		b->failed = true;
	put_u16(b, (uint16_t)count);
}

static void put_text(struct body *b, const char *text)
{
	size_t len = strlen(text);

	put_count(b, len);
	put_bytes(b, text, len);
}

static void put_address(struct body *b, const struct address *a)
{
	put_u8(b, a->family == AF_INET ? 4 : 6);
	put_bytes(b, a->bytes, sizeof(a->bytes));
}

static void put_networks(struct body *b, const struct network *n, size_t count)
{
	put_count(b, count);
	for (size_t i = 0; i < count; i++) {
		put_address(b, &n[i].address);
		put_u8(b, n[i].prefix);
	}
}

static void put_names(
	struct body *b, const char (*names)[NAME_SIZE], size_t count)
{
	put_count(b, count);
	for (size_t i = 0; i < count; i++)
		put_text(b, names[i]);
}

static void put_origin(struct body *b, const struct origin *o)
{
	put_text(b, o->file);
	put_u32(b, o->line);
}

static void put_protocols(struct body *b, const struct proto_set *set)
{
	put_u32(b, set->named);
	put_u8(b, set->any_port);
	put_count(b, set->port_count);
	for (size_t i = 0; i < set->port_count; i++)
		put_u16(b, set->ports[i]);
}

static void put_ports(struct body *b, const uint16_t ports[POLICY_PORTS_MAX])
{
	size_t count = 0;

	while (count < POLICY_PORTS_MAX && ports[count])
		count++;
	put_count(b, count);
	for (size_t i = 0; i < count; i++)
		put_u16(b, ports[i]);
}

static void start(struct body *b)
{
	b->len = 0;
	b->failed = false;
}

void encode_info(struct body *b, const struct rights_info *info)
{
	const struct settings *s = &info->settings;

	start(b);
	put_u64(b, info->generation);
	put_u64(b, info->serial);
	put_u64(b, (uint64_t)info->issued);
	put_u64(b, (uint64_t)info->expires);
	put_text(b, s->bastion_id);
	put_u32(b, s->uid_min);
	put_u32(b, s->uid_max);
	put_u8(b, s->audit_optional);
	put_u32(b, s->health_max_age_sec);
	put_u32(b, s->clock_unsynced_max_sec);
	put_u32(b, s->disk_reserve_mib);
	put_text(b, s->time_zone);
	put_u16(b, s->relay_port);
	put_u16(b, s->sessions_max);
}

void encode_zone(struct body *b, const struct zone *z)
{
	start(b);
	put_text(b, z->name);
	put_text(b, z->description);
	put_u8(b, z->level);
	put_networks(b, z->networks, z->network_count);
	put_origin(b, &z->origin);
}

static void put_device(struct body *b, const struct target *t, uint32_t via)
{
	put_u32(b, via);
	put_u32(b, t->crypto);
	put_u64(b, (uint64_t)t->crypto_until);
	put_u8(b, (uint8_t)t->credential);
	put_text(b, t->login_user);
	put_text(b, t->login_password);
	put_text(b, t->login_ready);
	put_text(b, t->login_failed);
	put_u8(b, (uint8_t)t->line_end);
}

void encode_target(
	struct body *b, const struct target *t, uint32_t zone, uint32_t via)
{
	start(b);
	put_text(b, t->name);
	put_u8(b, t->hop_only);
	put_u32(b, zone);
	put_count(b, t->address_count);
	for (size_t i = 0; i < t->address_count; i++)
		put_address(b, &t->addresses[i]);
	put_protocols(b, &t->protocols);
	for (size_t p = PROTO_NONE + 1; p < PROTO_TCP; p++)
		put_ports(b, t->port[p]);
	put_names(b, t->accounts, t->account_count);
	put_device(b, t, via);
	put_origin(b, &t->origin);
	put_count(b, t->hostkey_count);
	for (size_t i = 0; i < t->hostkey_count; i++)
		put_text(b, t->hostkeys[i]);
}

static void put_files(struct body *b, const struct conduit *c)
{
	put_u64(b, c->file_size_max);
	put_u32(b, c->file_count_max);
	put_count(b, c->file_pattern_count);
	for (size_t i = 0; i < c->file_pattern_count; i++)
		put_text(b, c->file_patterns[i]);
	put_text(b, c->file_check);
	put_u64(b, c->file_check_max);
}

void encode_conduit(struct body *b, const struct conduit *c)
{
	start(b);
	put_text(b, c->name);
	put_names(b, c->users, c->user_count);
	put_names(b, c->zones, c->zone_count);
	put_protocols(b, &c->protocols);
	put_u32(b, c->max_window_sec);
	put_u32(b, c->grace_sec);
	put_u32(b, c->otp_grace_sec);
	put_u16(b, c->approvals);
	put_u16(b, c->max_sessions);
	put_u16(b, c->max_connections);
	put_u8(b, (uint8_t)c->record);
	put_u8(b, c->files);
	put_files(b, c);
	put_origin(b, &c->origin);
}

void encode_user(struct body *b, const char *const *keys, size_t key_count,
	const uint32_t *conduits, size_t conduit_count)
{
	start(b);
	put_count(b, key_count);
	for (size_t i = 0; i < key_count; i++)
		put_text(b, keys[i]);
	put_count(b, conduit_count);
	for (size_t i = 0; i < conduit_count; i++)
		put_u32(b, conduits[i]);
}

void encode_grant(
	struct body *b, const struct grant *g, const uint32_t *targets)
{
	start(b);
	put_text(b, g->id);
	put_text(b, g->ticket);
	put_text(b, g->account);
	put_protocols(b, &g->protocols);
	put_u8(b, (uint8_t)g->record);
	put_u8(b, g->files);
	put_count(b, g->target_count);
	for (size_t i = 0; i < g->target_count; i++)
		put_u32(b, targets[i]);
	put_names(b, g->approvers, g->approver_count);
	put_networks(b, g->sources, g->source_count);
}
