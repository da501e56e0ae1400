/* SPDX-License-Identifier: BSD-2-Clause */
/* One table of keys; each is text, a name, a number or a span of time. */
#include "approvals/desk/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "base/trusted.h"
#include "policy/ini.h"
#include "policy/policy.h"

#define FILE_MAX_BYTES 65536
#define DAY_SEC	       86400u

enum kind { KIND_NAME, KIND_TEXT, KIND_PATH, KIND_NUMBER, KIND_SPAN };

#define AT(member)                                                             \
	offsetof(struct approvals_settings, member),                           \
		sizeof(((struct approvals_settings *)0)->member)

static const struct key {
	const char *name;
	enum kind kind;
	size_t offset, size;
	uint64_t min, max;
} keys[] = {
	{"Issuer", KIND_NAME, AT(issuer), 0, 0},
	{"Url", KIND_TEXT, AT(url), 0, 0},
	{"Listen", KIND_TEXT, AT(listen), 0, 0},
	{"State", KIND_PATH, AT(state_dir), 0, 0},
	{"Keys", KIND_PATH, AT(key_dir), 0, 0},
	{"UidMin", KIND_NUMBER, AT(uid_min), 1000, 4294967293u},
	{"UidMax", KIND_NUMBER, AT(uid_max), 1000, 4294967293u},
	{"SnapshotLife", KIND_SPAN, AT(snapshot_life_sec), 60, 31 * DAY_SEC},
	{"ClientDays", KIND_NUMBER, AT(client_days), 1, 3650},
	{"BastionDays", KIND_NUMBER, AT(bastion_days), 1, 3650},
	{"Connections", KIND_NUMBER, AT(connections_max), 8, 65536},
	{"ConnectionsPerAddress", KIND_NUMBER, AT(connections_per_address), 1,
		65536},
};

struct reading {
	struct approvals_settings settings;
	struct settings_error *error; /* text "": none yet */
	bool in_section, section_seen;
	unsigned seen; /* bit by place in keys */
};

static void complain(
	struct reading *r, uint32_t line, const char *what, const char *of)
{
	if (r->error->text[0])
		return;
	r->error->line = line;
	snprintf(r->error->text, sizeof(r->error->text), "%s%s%.100s", what,
		of[0] ? ": " : "", of);
}

static void on_section(void *user, uint32_t line, const char *text)
{
	struct reading *r = user;

	r->in_section = text && strcmp(text, "service") == 0;
	if (text && !r->in_section)
		complain(r, line, "the only section is [service], not", text);
	else if (r->section_seen)
		complain(r, line, "[service] stands here twice", "");
	r->section_seen = true;
}

static int set_text(const struct key *k, const char *value, char *into)
{
	if (strlen(value) >= k->size)
		return -ENAMETOOLONG;
	if (k->kind == KIND_NAME && !name_valid(value))
		return -EINVAL;
	if (k->kind == KIND_PATH && value[0] != '/')
		return -EINVAL;
	memcpy(into, value, strlen(value) + 1);
	return 0;
}

static int set_number(const struct key *k, const char *value, void *into)
{
	uint64_t number;
	uint32_t narrow;
	int r;

	r = k->kind == KIND_SPAN ? number_parse_span(value, k->max, &number)
				 : number_parse(value, k->min, k->max, &number);
	if (r < 0)
		return r;
	if (number < k->min)
		return -ERANGE;
	narrow = (uint32_t)number;
	memcpy(into, &narrow, sizeof(narrow));
	return 0;
}

static void on_key(
	void *user, uint32_t line, const char *name, const char *value)
{
	struct reading *r = user;
	size_t i = 0;
	char *into;
	int e;

	while (i < ARRAY_LEN(keys) && strcmp(keys[i].name, name) != 0)
		i++;
	if (!r->in_section || i == ARRAY_LEN(keys)) {
		complain(r, line, "no key of [service]", name);
		return;
	}
	if (r->seen & (1u << i))
		complain(r, line, "stands here twice", name);
	r->seen |= 1u << i;
	into = (char *)&r->settings + keys[i].offset;
	e = keys[i].kind >= KIND_NUMBER ? set_number(&keys[i], value, into)
					: set_text(&keys[i], value, into);
	if (e < 0)
		complain(r, line,
			e == -ERANGE		    ? "out of range"
			: e == -ENAMETOOLONG	    ? "too long"
			: keys[i].kind == KIND_PATH ? "a path from / is wanted"
						    : "can't be that",
			name);
}

static void on_fault(void *user, uint32_t line, const char *what)
{
	complain(user, line, what, "");
}

static const struct approvals_settings defaults = {
	.issuer = "approvals",
	.listen = "[::]:8443",
	.state_dir = "/var/lib/jump-approvals",
	.uid_min = POLICY_DEFAULT_UID_MIN,
	.uid_max = POLICY_DEFAULT_UID_MAX,
	.snapshot_life_sec = DAY_SEC,
	.client_days = 365,
	.bastion_days = 730,
	.connections_max = 4096,
	.connections_per_address = 128,
};

static void check(struct reading *r)
{
	char host[LISTEN_HOST_SIZE];
	uint16_t port;

	if (r->settings.uid_min > r->settings.uid_max)
		complain(r, 0, "UidMin is above UidMax", "");
	if (strncmp(r->settings.url, "https://", 8) != 0)
		complain(r, 0, "Url is missing or does not begin with https://",
			"");
	if (r->settings.listen[0] &&
		listen_parse(r->settings.listen, host, &port) < 0)
		complain(r, 0, "Listen is no [address]:port",
			r->settings.listen);
}

int approvals_settings_parse(const char *text, size_t len,
	struct approvals_settings *ret_settings,
	struct settings_error *ret_error)
{
	static const struct ini_events events = {
		.section = on_section, .key = on_key, .fault = on_fault};
	struct reading r = {.settings = defaults, .error = ret_error};

	*ret_error = (struct settings_error){0};
	ini_read(text, len, &events, &r);
	check(&r);
	if (ret_error->text[0])
		return -EINVAL;
	if (!r.settings.key_dir[0])
		memcpy(r.settings.key_dir, r.settings.state_dir,
			sizeof(r.settings.key_dir));
	*ret_settings = r.settings;
	return 0;
}

int approvals_settings_load(const char *path, uid_t owner,
	struct approvals_settings *ret_settings,
	struct settings_error *ret_error)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	int r;

	*ret_error = (struct settings_error){0};
	r = trusted_read(AT_FDCWD, path, owner, FILE_MAX_BYTES, &text, &len);
	if (r < 0)
		return r;
	return approvals_settings_parse(text, len, ret_settings, ret_error);
}

int listen_parse(
	const char *text, char ret_host[LISTEN_HOST_SIZE], uint16_t *ret_port)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	uint64_t port;

	if (!colon || len >= LISTEN_HOST_SIZE ||
		number_parse(colon + 1, 1, 65535, &port) < 0)
		return -EINVAL;
	if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	} else if (memchr(text, ':', len)) {
		return -EINVAL; /* IPv6 without brackets */
	}
	memcpy(ret_host, text, len);
	ret_host[len] = '\0';
	*ret_port = (uint16_t)port;
	return 0;
}
