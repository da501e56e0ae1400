/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Setters of keys that hold blank-separated lists, and of HostKey, which is
 * a list of lines.
 */
#include "policy/set.h"

#include <stdlib.h>
#include <string.h>

#include "policy/hostkey.h"
#include "policy/utf8.h"

#define BLANKS " \t"

bool set_next_word(struct draft *d, const struct key_row *row, uint32_t line,
	const char **at, char word[SET_WORD_SIZE], bool *ret_bad)
{
	size_t len;

	*at += strspn(*at, BLANKS);
	len = strcspn(*at, BLANKS);
	if (len == 0 || *ret_bad)
		return false;
	if (len >= SET_WORD_SIZE) {
		*ret_bad = !draft_refuse(d, line,
			"%s: \"%.20s...\" is too long", row->name, *at);
		return false;
	}
	memcpy(word, *at, len);
	word[len] = '\0';
	*at += len;
	if (!ascii_is_plain(word))
		*ret_bad = !draft_refuse(
			d, line, "%s takes plain ASCII", row->name);
	else if (strchr(word, ','))
		*ret_bad = !draft_refuse(d, line,
			"%s: words are separated by blanks, not by commas: %s "
			"= %s",
			row->name, row->name, row->example);
	return !*ret_bad;
}

static const char *address_examples(const char *word)
{
	return strchr(word, ':') ? "fd00:20::/64" : "10.20.0.0/24";
}

/* Nothing that a zone may be: the host itself, and what is no unicast. */
static const char *network_special(const struct network *n)
{
	static const struct {
		const char *network, *what;
	} rows[] = {
		{"0.0.0.0/8", "\"this host\""},
		{"127.0.0.0/8", "the loopback"},
		{"169.254.0.0/16", "link-local"},
		{"224.0.0.0/3", "multicast or reserved"},
		{"::/8", "the loopback or reserved"},
		{"fe80::/10", "link-local"},
		{"fe00::/7", "multicast or reserved"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct network special;

		if (network_parse(rows[i].network, &special) == 0 &&
			(network_has(&special, &n->address) ||
				network_has(n, &special.address)))
			return rows[i].what;
	}
	return NULL;
}

static bool network_sound(struct draft *d, const struct key_row *row,
	uint32_t line, const char *word, struct network *ret)
{
	const char *special;

	if (network_parse(word, ret) < 0) {
		const char *slash = strchr(word, '/');
		struct address a;
		char head[SET_WORD_SIZE];

		memcpy(head, word, SET_WORD_SIZE);
		if (slash)
			head[slash - word] = '\0';
		if (address_parse(head, &a) == 0 && slash)
			return draft_refuse(d, line,
				"\"%s\" is no network: its length does not "
				"fit, or it has bits set behind it; such as %s",
				word, address_examples(word));
		return draft_refuse(d, line,
			"\"%s\" is no network; write one as %s", word,
			address_examples(word));
	}
	special = network_special(ret);
	if (special)
		return draft_refuse(d, line,
			"%s: \"%s\" holds %s addresses, which are no zone",
			row->name, word, special);
	if (ret->prefix < POLICY_PREFIX_MIN)
		return draft_refuse(d, line,
			"%s: \"%s\" is wider than /%u, which is no zone; name "
			"the networks that the machines are in",
			row->name, word, POLICY_PREFIX_MIN);
	return true;
}

SETTER(set_networks)
{
	struct zone *z = d->object;
	const char *at = value;
	char word[SET_WORD_SIZE];
	bool bad = false;

	while (set_next_word(d, row, line, &at, word, &bad)) {
		struct network n;

		if (!network_sound(d, row, line, word, &n))
			return false;
		if (z->network_count == POLICY_NETWORKS_MAX)
			return draft_refuse(d, line,
				"%s takes %d networks at most; write a "
				"larger one, or a second zone",
				row->name, POLICY_NETWORKS_MAX);
		z->networks[z->network_count++] = n;
	}
	return !bad;
}

SETTER(set_addresses)
{
	struct target *t = d->object;
	const char *at = value;
	char word[SET_WORD_SIZE];
	bool bad = false;

	while (set_next_word(d, row, line, &at, word, &bad)) {
		struct address a;

		if (address_parse(word, &a) < 0 ||
			(a.family == AF_INET && strchr(word, ':')))
			return draft_refuse(d, line,
				"\"%s\" is no address; write one as "
				"10.20.0.10 or fd00:20::10, names are not "
				"looked up",
				word);
		for (size_t i = 0; i < t->address_count; i++) {
			if (t->addresses[i].family == a.family)
				return draft_refuse(d, line,
					"%s takes one IPv4 and one IPv6 "
					"address; give \"%s\" to a target of "
					"its own",
					row->name, word);
		}
		t->addresses[t->address_count++] = a;
	}
	return !bad;
}

/* What a word of a list of names must be, in words for people. */
struct name_list {
	char (*names)[NAME_SIZE];
	size_t *count;
	size_t max;
	bool (*valid)(const char *word);
	const char *must;
};

static bool set_name_list(struct draft *d, const struct key_row *row,
	uint32_t line, const char *value, const struct name_list *l)
{
	const char *at = value;
	char word[SET_WORD_SIZE];
	bool bad = false;

	while (set_next_word(d, row, line, &at, word, &bad)) {
		if (!l->valid(word))
			return draft_refuse(d, line, "%s: \"%s\" can't be; %s",
				row->name, word, l->must);
		for (size_t i = 0; i < *l->count; i++) {
			if (strcmp(l->names[i], word) == 0)
				return draft_refuse(d, line,
					"%s names \"%s\" twice", row->name,
					word);
		}
		if (*l->count == l->max)
			return draft_refuse(d, line, "%s takes %zu at most",
				row->name, l->max);
		memcpy(l->names[(*l->count)++], word, strlen(word) + 1);
	}
	return !bad;
}

#define NAME_MUST                                                              \
	"a name is a to z first, then a to z, 0 to 9, \"-\" and \"_\", 31 at " \
	"most"

SETTER(set_users)
{
	struct conduit *c = d->object;
	const struct name_list l = {.names = c->users,
		.count = &c->user_count,
		.max = POLICY_PATTERNS_MAX,
		.valid = pattern_valid,
		.must = "a user is a name, or the beginning of names and one "
			"\"*\" behind it, with 3 characters at least before "
			"the \"*\", such as acme-*"};

	return set_name_list(d, row, line, value, &l);
}

SETTER(set_zones)
{
	struct conduit *c = d->object;
	const struct name_list l = {.names = c->zones,
		.count = &c->zone_count,
		.max = POLICY_PATTERNS_MAX,
		.valid = name_valid,
		.must = NAME_MUST};

	return set_name_list(d, row, line, value, &l);
}

SETTER(set_accounts)
{
	struct target *t = d->object;
	const struct name_list l = {.names = t->accounts,
		.count = &t->account_count,
		.max = POLICY_ACCOUNTS_MAX,
		.valid = name_valid,
		.must = NAME_MUST};

	return set_name_list(d, row, line, value, &l);
}

/* "TYPE  BASE64" with exactly one blank between its words. */
static bool hostkey_normal(const char *value, char *out, size_t size)
{
	size_t type = strcspn(value, BLANKS);
	const char *rest = value + type + strspn(value + type, BLANKS);
	size_t len = strlen(rest);

	if (type + 1 + len >= size)
		return false;
	memcpy(out, value, type);
	out[type] = ' ';
	memcpy(out + type + 1, rest, len + 1);
	for (char *p = out + type + 1; *p; p++) {
		if (*p == '\t')
			*p = ' ';
	}
	return true;
}

SETTER(set_hostkey)
{
	struct target *t = d->object;
	char key[POLICY_HOSTKEY_SIZE] = {0};
	const char *what;
	void *grown;

	if (!hostkey_normal(value, key, sizeof(key)))
		return draft_refuse(
			d, line, "%s is too long for a host key", row->name);
	what = hostkey_fault(key);
	if (what)
		return draft_refuse(d, line, "%s: %s", row->name, what);
	for (size_t i = 0; i < t->hostkey_count; i++) {
		if (strcmp(t->hostkeys[i], key) == 0)
			return draft_refuse(d, line,
				"%s: the same key stands here already",
				row->name);
	}
	if (t->hostkey_count == POLICY_HOSTKEYS_MAX)
		return draft_refuse(d, line, "%s may stand %d times at most",
			row->name, POLICY_HOSTKEYS_MAX);
	grown = reallocarray(
		t->hostkeys, t->hostkey_count + 1, sizeof(*t->hostkeys));
	if (!grown) {
		d->no_memory = true;
		return false;
	}
	t->hostkeys = grown;
	memcpy(t->hostkeys[t->hostkey_count++], key, sizeof(key));
	return true;
}
