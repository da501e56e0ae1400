/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/bench/large.h"

/* As long as a real one. */
static json_t *sealed_seed(int i)
{
	char text[641];

	for (size_t k = 0; k < sizeof(text) - 1; k++)
		text[k] = (char)('a' + ((size_t)i * 7 + k * k) % 26);
	text[340] = text[395] = text[412] = text[610] = '.';
	text[sizeof(text) - 1] = '\0';
	return json_string(text);
}

static json_t *make_user(int i)
{
	json_t *u = json_pack("{s:o,s:i,s:s,s:b,s:[o],s:o}", "name",
		json_sprintf("vendor%02d-tech%04d", i / 500, i % 500), "uid",
		LARGE_UID0 + i, "gecos", "A Technician, Some Vendor Ltd",
		"disabled", 0, "keys",
		json_sprintf("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG%c%c%c"
			     "xJPs5YvEy4SBjJplBHbwNlDrUNr2dyF4czi1Ot+",
			'A' + i % 26, 'A' + i / 26 % 26, 'A' + i / 676 % 26),
		"otp", sealed_seed(i));

	return u;
}

static json_t *make_grant(int i, int64_t now, int64_t longer)
{
	int user = i % LARGE_USERS, vendor = user / 500;
	int64_t from = i < LARGE_OPEN ? now - 3600 : now + 86400 + i;
	int zone = (vendor + i / LARGE_USERS) % LARGE_ZONES;

	return json_pack("{s:o,s:o,s:[o,o],s:[s,s],s:s,s:I,s:I,s:b,s:[s,s],"
			 "s:o,s:s,s:[s],s:[s]}",
		"id", json_sprintf("G-2026-%06d", i), "user",
		json_sprintf("vendor%02d-tech%04d", vendor, user % 500),
		"targets",
		json_sprintf("target-%04d", zone + LARGE_ZONES * (i % 20)),
		json_sprintf("target-%04d", zone + LARGE_ZONES * (20 + i % 5)),
		"protocols", "ssh", "sftp", "account", "maint", "not_before",
		(json_int_t)from, "not_after",
		(json_int_t)(from + 4 * 3600 + longer), "revoked", 0,
		"approved_by", "anna", "bert", "ticket",
		json_sprintf("CHG-%07d", i), "record", "required", "files",
		"up", "sources", "192.0.2.0/24");
}

json_t *large_snapshot(int serial, int64_t now, int64_t longer)
{
	json_t *users = json_array(), *grants = json_array();

	for (int i = 0; i < LARGE_USERS; i++)
		json_array_append_new(users, make_user(i));
	for (int i = 0; i < LARGE_GRANTS; i++)
		json_array_append_new(
			grants, make_grant(i, now, i ? 0 : longer));
	return json_pack("{s:i,s:s,s:s,s:I,s:I,s:i,s:o,s:o}", "v", 1, "iss",
		"approvals", "aud", "bastion1", "iat", (json_int_t)now, "exp",
		(json_int_t)now + 3 * 86400, "serial", serial, "users", users,
		"grants", grants);
}

#define HOST_KEY                                                               \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGvu5xJPs5YvEy4S"                 \
	"BjJplBHbwNlDrUNr2dyF4czi1Ot+"

void large_policy(FILE *out)
{
	for (int i = 0; i < LARGE_ZONES; i++)
		fprintf(out, "[zone zone-%02d]\nNetworks = 10.%d.0.0/16\n", i,
			i);
	for (int i = 0; i < LARGE_TARGETS; i++)
		fprintf(out,
			"[target target-%04d]\nZone = zone-%02d\n"
			"Address = 10.%d.0.%d\nProtocols = ssh sftp\n"
			"HostKey = " HOST_KEY "\nAccounts = maint\n",
			i, i % LARGE_ZONES, i % LARGE_ZONES,
			i / LARGE_ZONES + 1);
	for (int i = 0; i < LARGE_SUPPLIERS; i++) {
		fprintf(out,
			"[conduit conduit-%02d]\nUsers = vendor%02d-*\nTo =", i,
			i);
		for (int z = 0; z < 16; z++)
			fprintf(out, " zone-%02d", (i + z) % LARGE_ZONES);
		fputs("\nProtocols = ssh sftp\nMaxWindow = 8h\n"
		      "Approvals = 1\nFiles = up down\n",
			out);
	}
}
