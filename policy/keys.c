/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All keys of all sections, what they default to, and what a right value
 * looks like. doc/formats/policy.md describes them; a test compares the two.
 */
#include "policy/draft.h"
#include "policy/set.h"

#include <stddef.h>
#include <stdio.h>

#include "policy/decide.h"

#define HOUR		   3600
#define DAY		   (24 * HOUR)

#define ZONE(field)	   offsetof(struct zone, field)
#define TARGET(field)	   offsetof(struct target, field)
#define CONDUIT(field)	   offsetof(struct conduit, field)
#define SETTINGS(field)	   offsetof(struct settings, field)
#define WIDTH(type, field) sizeof(((struct type *)NULL)->field)
#define NUMBER(type, field, least, most)                                       \
	.set = set_number, .offset = offsetof(struct type, field),             \
	.width = WIDTH(type, field), .min = (least), .max = (most)
#define SPAN(type, field, least, most)                                         \
	.set = set_span, .offset = offsetof(struct type, field),               \
	.width = WIDTH(type, field), .min = (least), .max = (most)
#define BYTES(field, least, most)                                              \
	.set = set_bytes, .offset = CONDUIT(field),                            \
	.width = WIDTH(conduit, field), .min = (least), .max = (most)
#define LITERAL(key, right, field)                                             \
	{                                                                      \
		.name = (key), .example = (right), .set = set_literal,         \
		.offset = TARGET(field)                                        \
	}

static const struct key_row bastion_keys[] = {
	{.name = "Id",
		.example = "bastion-1",
		.set = set_name,
		.offset = SETTINGS(bastion_id),
		.required = true},
	{.name = "UidMin",
		.example = "1900000000",
		NUMBER(settings, uid_min, 100000, 2147483646)},
	{.name = "UidMax",
		.example = "1909999999",
		NUMBER(settings, uid_max, 100000, 2147483646)},
	{.name = "Audit", .example = "required", .set = set_audit},
	{.name = "HealthMaxAge",
		.example = "15s",
		SPAN(settings, health_max_age_sec, 5, 300)},
	{.name = "ClockUnsyncedMax",
		.example = "1h",
		SPAN(settings, clock_unsynced_max_sec, 60, 7 * DAY)},
	{.name = "DiskReserve",
		.example = "512M",
		.set = set_mebibytes,
		.offset = SETTINGS(disk_reserve_mib),
		.width = 4,
		.min = 16,
		.max = 1024 * 1024},
	{.name = "TimeZone", .example = "Europe/Berlin", .set = set_time_zone},
	{.name = "RelayPort",
		.example = "722",
		NUMBER(settings, relay_port, 1, 1024 - POLICY_RELAY_PORTS)},
	{.name = "MaxSessions",
		.example = "200",
		NUMBER(settings, sessions_max, 1, 10000)},
	{.name = "Approvals",
		.example = "https://approvals.example:8443",
		.set = set_url},
	{0},
};

static const struct key_row zone_keys[] = {
	{.name = "Description",
		.example = "Packaging line A",
		.set = set_text,
		.offset = ZONE(description),
		.width = POLICY_TEXT_SIZE},
	{.name = "Level", .example = "2", NUMBER(zone, level, 0, 5)},
	{.name = "Networks",
		.example = "10.20.0.0/24 fd00:20::/64",
		.set = set_networks,
		.required = true},
	{0},
};

static const struct key_row target_keys[] = {
	{.name = "Zone",
		.example = "cell-a",
		.set = set_name,
		.offset = TARGET(zone),
		.required = true},
	{.name = "Address",
		.example = "10.20.0.10",
		.set = set_addresses,
		.required = true},
	{.name = "Protocols",
		.example = "ssh sftp",
		.set = set_protocols,
		.offset = TARGET(protocols),
		.required = true},
	{.name = "Port.ssh",
		.example = "22",
		.set = set_port,
		.max = PROTO_SSH},
	{.name = "Port.sftp",
		.example = "22",
		.set = set_port,
		.max = PROTO_SFTP},
	{.name = "Port.rdp",
		.example = "3389",
		.set = set_port,
		.max = PROTO_RDP},
	{.name = "Port.vnc",
		.example = "5900",
		.set = set_port,
		.max = PROTO_VNC},
	{.name = "Port.http",
		.example = "80",
		.set = set_port,
		.max = PROTO_HTTP},
	{.name = "Port.https",
		.example = "443",
		.set = set_port,
		.max = PROTO_HTTPS},
	{.name = "Port.telnet",
		.example = "23",
		.set = set_port,
		.max = PROTO_TELNET},
	{.name = "HostKey",
		.example = "ssh-ed25519 AAAA...",
		.set = set_hostkey,
		.repeat = true},
	{.name = "Accounts", .example = "maint", .set = set_accounts},
	{.name = "Crypto", .example = "legacy-dh1", .set = set_crypto},
	{.name = "CryptoUntil",
		.example = "2027-06-30",
		.set = set_crypto_until},
	{.name = "Via",
		.example = "cell-jump",
		.set = set_name,
		.offset = TARGET(via)},
	{.name = "Credential", .example = "password", .set = set_credential},
	LITERAL("Login.User", "login:", login_user),
	LITERAL("Login.Password", "Password:", login_password),
	LITERAL("Login.Ready", ">", login_ready),
	LITERAL("Login.Failed", "incorrect", login_failed),
	{.name = "LineEnd", .example = "crlf", .set = set_line_end},
	{0},
};

static const struct key_row conduit_keys[] = {
	{.name = "Users",
		.example = "acme-*",
		.set = set_users,
		.required = true},
	{.name = "To", .example = "cell-a", .set = set_zones, .required = true},
	{.name = "Protocols",
		.example = "ssh sftp",
		.set = set_protocols,
		.offset = CONDUIT(protocols),
		.required = true},
	{.name = "MaxWindow",
		.example = "8h",
		SPAN(conduit, max_window_sec, 60, 31 * DAY),
		.required = true},
	{.name = "Approvals",
		.example = "1",
		NUMBER(conduit, approvals, 1, GRANT_APPROVERS_MAX),
		.required = true},
	{.name = "Record", .example = "required", .set = set_record},
	{.name = "Files", .example = "up down", .set = set_files},
	{.name = "FileSize",
		.example = "4G",
		BYTES(file_size_max, 1, 1ull << 44)},
	{.name = "FileCount",
		.example = "10000",
		NUMBER(conduit, file_count_max, 1, 10000000)},
	{.name = "FileNames", .example = "*.bin *.acd", .set = set_file_names},
	{.name = "FileCheck",
		.example = "/usr/bin/clamdscan --fdpass --no-summary",
		.set = set_file_check},
	{.name = "FileCheckSize",
		.example = "64M",
		BYTES(file_check_max, 1, 1ull << 30)},
	{.name = "Grace", .example = "2m", SPAN(conduit, grace_sec, 0, HOUR)},
	{.name = "OtpGrace",
		.example = "10m",
		SPAN(conduit, otp_grace_sec, 0, 12 * HOUR)},
	{.name = "MaxSessions",
		.example = "4",
		NUMBER(conduit, max_sessions, 1, 100)},
	{.name = "MaxConnections",
		.example = "32",
		NUMBER(conduit, max_connections, 1, 1000)},
	{0},
};

const struct key_row *keys_of(enum section_kind kind)
{
	switch (kind) {
	case SECTION_BASTION:
		return bastion_keys;
	case SECTION_ZONE:
		return zone_keys;
	case SECTION_TARGET:
		return target_keys;
	case SECTION_CONDUIT:
		return conduit_keys;
	default:
		return NULL;
	}
}

static void settings_defaults(struct settings *s)
{
	s->uid_min = POLICY_DEFAULT_UID_MIN;
	s->uid_max = POLICY_DEFAULT_UID_MAX;
	s->audit_optional = false;
	s->health_max_age_sec = 15;
	s->clock_unsynced_max_sec = HOUR;
	s->disk_reserve_mib = 512;
	snprintf(s->time_zone, sizeof(s->time_zone), "UTC");
	s->relay_port = 722;
	s->sessions_max = 200;
}

/*
 * The strictest of each. MaxWindow and Approvals have no default: with one,
 * removing a strict line would loosen the policy.
 */
static void conduit_defaults(struct conduit *c)
{
	c->record = RECORD_REQUIRED;
	c->files = FILES_NONE;
	c->file_size_max = 4ull << 30;
	c->file_count_max = 10000;
	c->file_check_max = 64u << 20;
	c->grace_sec = 0;
	c->otp_grace_sec = 0;
	c->max_sessions = 4;
	c->max_connections = 32;
}

void keys_defaults(enum section_kind kind, void *object)
{
	if (kind == SECTION_BASTION)
		settings_defaults(object);
	else if (kind == SECTION_CONDUIT)
		conduit_defaults(object);
}
