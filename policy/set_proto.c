/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Setters of Protocols and of ports: the words of both sides of the policy,
 * what a target offers and what a conduit carries.
 */
#include "policy/set.h"

#include <errno.h>
#include <string.h>

#include "base/number.h"
#include "policy/suggest.h"

#define ANY_PORT "tcp/*"

static bool protocol_unknown(struct draft *d, uint32_t line, const char *word)
{
	struct suggest s = {.word = word};
	char all[PROTO_SET_TEXT_SIZE];

	if (strcmp(word, "tcp") == 0 || strncmp(word, "tcp/", 4) == 0)
		return draft_refuse(d, line,
			"\"%s\" names no port; write tcp/PORT with a port "
			"from 1 to 65535, such as tcp/502",
			word);
	for (unsigned i = PROTO_NONE + 1; i < PROTO_TCP; i++)
		suggest_consider(&s, proto_name((enum proto)i));
	if (s.best)
		return draft_refuse(d, line,
			"there is no protocol \"%s\"; did you mean \"%s\"?",
			word, s.best);
	return draft_refuse(d, line,
		"there is no protocol \"%s\"; there are %s", word,
		proto_all(all));
}

/* tcp and any port: what a target offers is one by one, and so is a grant. */
static int add_any_port(struct draft *d, uint32_t line, struct proto_set *set)
{
	if (d->current->kind != SECTION_CONDUIT)
		return draft_refuse(d, line,
			"\"" ANY_PORT "\" is for a conduit, and carries the "
			"ports that a target offers; here each port is named, "
			"such as tcp/502");
	if (set->any_port)
		return -EEXIST;
	set->any_port = true;
	return 1;
}

SETTER(set_protocols)
{
	struct proto_set set = {0};
	const char *at = value;
	char word[SET_WORD_SIZE];
	bool bad = false;

	while (set_next_word(d, row, line, &at, word, &bad)) {
		struct offer s;
		int r;

		if (strcmp(word, ANY_PORT) == 0)
			r = add_any_port(d, line, &set);
		else if (proto_parse(word, &s) < 0)
			return protocol_unknown(d, line, word);
		else
			r = proto_set_add(&set, s.proto, s.port) ?: 1;
		if (r == -EEXIST)
			return draft_refuse(d, line, "%s names \"%s\" twice",
				row->name, word);
		if (r == -ENOSPC)
			return draft_refuse(d, line,
				"%s takes %d ports of tcp at most", row->name,
				PROTO_PORTS_MAX);
		if (r <= 0)
			return false;
	}
	if (!bad)
		memcpy((char *)d->object + row->offset, &set, sizeof(set));
	return !bad;
}

static bool is_web(enum proto p)
{
	return p == PROTO_HTTP || p == PROTO_HTTPS;
}

/* row->max is the protocol. A web protocol may have several ports. */
SETTER(set_port)
{
	enum proto proto = (enum proto)row->max;
	const size_t most = is_web(proto) ? POLICY_PORTS_MAX : 1;
	uint16_t *ports = ((struct target *)d->object)->port[proto];
	const char *at = value;
	char word[SET_WORD_SIZE];
	bool bad = false;
	size_t n = 0;

	if (proto == PROTO_SFTP)
		return draft_refuse(d, line,
			"sftp is a part of ssh and has its port: write "
			"Port.ssh = %.10s",
			value);
	for (; set_next_word(d, row, line, &at, word, &bad); n++) {
		uint64_t port;

		if (n == most)
			return draft_refuse(d, line,
				"%s takes %zu port%s at "
				"most",
				row->name, most, most == 1 ? "" : "s");
		if (number_parse(word, 1, UINT16_MAX, &port) < 0)
			return draft_refuse(d, line,
				"%s takes a port from 1 to 65535, such as %s; "
				"not \"%.40s\"",
				row->name, row->example, word);
		for (size_t i = 0; i < n; i++) {
			if (ports[i] == port)
				return draft_refuse(d, line,
					"%s names \"%s\" twice", row->name,
					word);
		}
		ports[n] = (uint16_t)port;
	}
	return !bad;
}
