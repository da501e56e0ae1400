/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The protocols that a target may offer: their names, ports and sets. One
 * table, because policy, grants, logs and menus must agree on every word.
 */
#include "policy/policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

static const struct {
	const char *name;
	uint16_t port;
	bool account;
} protos[PROTO_COUNT] = {
	[PROTO_NONE] = {"none", 0, false},
	[PROTO_SSH] = {"ssh", 22, true},
	[PROTO_SFTP] = {"sftp", 22, true},
	[PROTO_RDP] = {"rdp", 3389, false},
	[PROTO_VNC] = {"vnc", 5900, false},
	[PROTO_HTTP] = {"http", 80, false},
	[PROTO_HTTPS] = {"https", 443, false},
};

static bool known(enum proto p)
{
	return (unsigned)p > PROTO_NONE && (unsigned)p < PROTO_COUNT;
}

const char *proto_name(enum proto p)
{
	return protos[known(p) ? p : PROTO_NONE].name;
}

enum proto proto_from_name(const char *name)
{
	for (unsigned p = PROTO_NONE + 1; p < PROTO_COUNT; p++) {
		if (strcmp(name, protos[p].name) == 0)
			return (enum proto)p;
	}
	return PROTO_NONE;
}

uint16_t proto_default_port(enum proto p)
{
	return known(p) ? protos[p].port : 0;
}

bool proto_has_account(enum proto p)
{
	return known(p) && protos[p].account;
}

bool proto_set_has(proto_set set, enum proto p)
{
	return known(p) && (set & (1u << p));
}

const char *proto_set_format(proto_set set, char *text, size_t size)
{
	size_t len = 0;

	if (size == 0)
		return "";
	text[0] = '\0';
	for (unsigned p = PROTO_NONE + 1; p < PROTO_COUNT; p++) {
		int n;

		if (!proto_set_has(set, (enum proto)p))
			continue;
		n = snprintf(text + len, size - len, "%s%s", len ? " " : "",
			protos[p].name);
		if (n < 0 || (size_t)n >= size - len) {
			text[len] = '\0'; /* whole names only */
			break;
		}
		len += (size_t)n;
	}
	return text;
}

int proto_set_parse(const char *text, proto_set *ret_set)
{
	proto_set set = 0;

	for (;;) {
		char word[16];
		size_t len;
		enum proto p;

		text += strspn(text, " \t");
		len = strcspn(text, " \t");
		if (len == 0)
			break;
		if (len >= sizeof(word))
			return -EINVAL;
		memcpy(word, text, len);
		word[len] = '\0';
		p = proto_from_name(word);
		if (p == PROTO_NONE || proto_set_has(set, p))
			return -EINVAL;
		set |= 1u << p;
		text += len;
	}
	if (set == 0)
		return -EINVAL;
	*ret_set = set;
	return 0;
}
