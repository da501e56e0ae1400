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
#include "base/number.h"

static const struct {
	const char *name;
	uint16_t port;
	bool account, brokered_only;
} protos[PROTO_COUNT] = {
	[PROTO_NONE] = {"none", 0, false, false},
	[PROTO_SSH] = {"ssh", 22, true, false},
	[PROTO_SFTP] = {"sftp", 22, true, true},
	[PROTO_RDP] = {"rdp", 3389, false, false},
	[PROTO_VNC] = {"vnc", 5900, false, false},
	[PROTO_HTTP] = {"http", 80, false, false},
	[PROTO_HTTPS] = {"https", 443, false, false},
	[PROTO_TELNET] = {"telnet", 23, true, true},
	[PROTO_TCP] = {"tcp", 0, false, false},
};

#define TCP_PREFIX "tcp/"

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
	for (unsigned p = PROTO_NONE + 1; p < PROTO_TCP; p++) {
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

bool proto_is_brokered_only(enum proto p)
{
	return known(p) && protos[p].brokered_only;
}

bool proto_sane(enum proto p, uint16_t port)
{
	return known(p) && (p != PROTO_TCP || port != 0);
}

const char *proto_text(enum proto p, uint16_t port, char text[PROTO_TEXT_SIZE])
{
	if (p == PROTO_TCP && port)
		snprintf(text, PROTO_TEXT_SIZE, TCP_PREFIX "%u", port);
	else
		snprintf(text, PROTO_TEXT_SIZE, "%s", proto_name(p));
	return text;
}

int proto_parse(const char *word, struct offer *ret_offer)
{
	struct offer s = {.proto = proto_from_name(word)};
	uint64_t port;

	if (s.proto == PROTO_NONE) {
		if (strncmp(word, TCP_PREFIX, strlen(TCP_PREFIX)) != 0 ||
			number_parse(word + strlen(TCP_PREFIX), 1, UINT16_MAX,
				&port) < 0)
			return -EINVAL;
		s = (struct offer){PROTO_TCP, (uint16_t)port};
	}
	*ret_offer = s;
	return 0;
}

static size_t port_count(const struct proto_set *set)
{
	return set->port_count < PROTO_PORTS_MAX ? set->port_count
						 : PROTO_PORTS_MAX;
}

static bool has_port(const struct proto_set *set, uint16_t port)
{
	for (size_t i = 0; i < port_count(set); i++) {
		if (set->ports[i] == port)
			return true;
	}
	return set->any_port;
}

bool proto_set_has(const struct proto_set *set, enum proto p, uint16_t port)
{
	if (p == PROTO_TCP)
		return port != 0 && has_port(set, port);
	return known(p) && (set->named & (1u << p));
}

bool proto_set_empty(const struct proto_set *set)
{
	return !(set->named & PROTO_NAMED_ALL) && !set->any_port &&
	       set->port_count == 0;
}

bool proto_set_meets(const struct proto_set *a, const struct proto_set *b)
{
	bool ports = a->any_port && b->any_port;

	for (size_t i = 0; i < port_count(a); i++)
		ports = ports || has_port(b, a->ports[i]);
	for (size_t i = 0; i < port_count(b); i++)
		ports = ports || has_port(a, b->ports[i]);
	return ports || (a->named & b->named & PROTO_NAMED_ALL);
}

int proto_set_add(struct proto_set *set, enum proto p, uint16_t port)
{
	size_t at = port_count(set);

	if (!proto_sane(p, port))
		return -EINVAL;
	if (p != PROTO_TCP) {
		if (set->named & (1u << p))
			return -EEXIST;
		set->named |= 1u << p;
		return 0;
	}
	for (size_t i = 0; i < port_count(set); i++) {
		if (set->ports[i] == port)
			return -EEXIST;
	}
	if (at == PROTO_PORTS_MAX)
		return -ENOSPC;
	for (; at > 0 && set->ports[at - 1] > port; at--)
		set->ports[at] = set->ports[at - 1];
	set->ports[at] = port;
	set->port_count++;
	return 0;
}

bool proto_set_next(const struct proto_set *set, struct offer *at)
{
	unsigned p = at->proto;

	while (p < PROTO_TCP && ++p < PROTO_TCP) {
		if (proto_set_has(set, (enum proto)p, 0)) {
			*at = (struct offer){(enum proto)p, 0};
			return true;
		}
	}
	for (size_t i = 0; i < port_count(set); i++) {
		if (set->ports[i] > at->port) {
			*at = (struct offer){PROTO_TCP, set->ports[i]};
			return true;
		}
	}
	return false;
}

/* Whole words only: false when there is no room. */
static bool add_word(char *text, size_t size, const char *word)
{
	size_t len = strlen(text);
	int n = snprintf(text + len, size - len, "%s%s", len ? " " : "", word);

	if (n >= 0 && (size_t)n < size - len)
		return true;
	text[len] = '\0';
	return false;
}

const char *proto_set_format(
	const struct proto_set *set, char *text, size_t size)
{
	struct offer at = {0};
	char word[PROTO_TEXT_SIZE];
	bool room = true;

	if (size == 0)
		return "";
	text[0] = '\0';
	while (room && proto_set_next(set, &at))
		room = add_word(
			text, size, proto_text(at.proto, at.port, word));
	if (room && set->any_port)
		(void)add_word(text, size, TCP_PREFIX "*");
	return text;
}

const char *proto_all(char text[PROTO_SET_TEXT_SIZE])
{
	const struct proto_set all = {.named = PROTO_NAMED_ALL};

	proto_set_format(&all, text, PROTO_SET_TEXT_SIZE);
	(void)add_word(text, PROTO_SET_TEXT_SIZE, TCP_PREFIX "PORT");
	return text;
}

int proto_set_parse(const char *text, struct proto_set *ret_set)
{
	struct proto_set set = {0};

	for (;;) {
		char word[PROTO_TEXT_SIZE];
		struct offer s;
		size_t len;

		text += strspn(text, " \t");
		len = strcspn(text, " \t");
		if (len == 0)
			break;
		if (len >= sizeof(word))
			return -EINVAL;
		memcpy(word, text, len);
		word[len] = '\0';
		if (proto_parse(word, &s) < 0 ||
			proto_set_add(&set, s.proto, s.port) < 0)
			return -EINVAL;
		text += len;
	}
	if (proto_set_empty(&set))
		return -EINVAL;
	*ret_set = set;
	return 0;
}
