/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One target as a whole: is it where its zone is, has each protocol the keys
 * that it needs and no others, what is it behind, and can anybody reach it?
 */
#include "policy/check_target.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "policy/suggest.h"

static void check_addresses(
	struct draft *d, struct target_draft *t, const struct zone_draft *zone)
{
	const struct zone *z = &zone->zone;
	const struct origin *z_origin = &zone->section.origin;

	for (size_t i = 0; i < t->target.address_count; i++) {
		const struct address *a = &t->target.addresses[i];
		char text[ADDRESS_TEXT_SIZE];
		struct origin at = draft_key_origin(&t->section, "Address");
		bool inside = false;

		for (size_t n = 0; n < z->network_count; n++)
			inside = inside || network_has(&z->networks[n], a);
		if (!inside)
			draft_complain(d, &at,
				"%s is outside of the networks of zone \"%s\" "
				"(%s:%u); correct it, or add a network there",
				address_format(a, text, sizeof(text)), z->name,
				z_origin->file, z_origin->line);
	}
}

/* Keys that are for some protocols alone. */
#define SSH    (1u << PROTO_SSH | 1u << PROTO_SFTP)
#define TELNET (1u << PROTO_TELNET)
static const struct key_use {
	const char *key;
	uint32_t protocols;
	const char *words, *needed; /* NULL: may be left out */
} key_uses[] = {
	{"HostKey", SSH, "ssh and sftp",
		"'jumpctl target scan' prints the line to compare and add"},
	{"Accounts", SSH | TELNET, "ssh, sftp and telnet",
		"write the accounts to log in to, such as Accounts = maint"},
	{"Crypto", SSH, "ssh and sftp", NULL},
	{"CryptoUntil", SSH, "ssh and sftp", NULL},
	{"Credential", SSH | TELNET, "ssh, sftp and telnet", NULL},
	{"Login.User", TELNET, "telnet", NULL},
	{"Login.Password", TELNET, "telnet", NULL},
	{"Login.Ready", TELNET, "telnet", NULL},
	{"Login.Failed", TELNET, "telnet", NULL},
	{"LineEnd", TELNET, "telnet", NULL},
};

static void check_key_uses(struct draft *d, struct target_draft *t)
{
	const uint32_t named = t->target.protocols.named;

	for (size_t i = 0; i < ARRAY_LEN(key_uses); i++) {
		const struct key_use *u = &key_uses[i];
		const bool given = draft_key_given(&t->section, u->key);
		const struct origin at = draft_key_origin(&t->section, u->key);

		if ((named & u->protocols) && !given && u->needed)
			draft_complain(d, &at,
				"[target %s] offers %s and lacks %s; %s",
				t->target.name,
				named & SSH ? "ssh or sftp" : "telnet", u->key,
				u->needed);
		if (!(named & u->protocols) && given)
			draft_complain(d, &at,
				"%s is for %s, which Protocols does not offer",
				u->key, u->words);
	}
}

static void check_port_keys(struct draft *d, struct target_draft *t)
{
	for (unsigned p = PROTO_NONE + 1; p < PROTO_TCP; p++) {
		const uint32_t offered = p == PROTO_SSH ? SSH : 1u << p;
		char key[16];
		struct origin at;

		snprintf(
			key, sizeof(key), "Port.%s", proto_name((enum proto)p));
		at = draft_key_origin(&t->section, key);
		if (!(t->target.protocols.named & offered) &&
			draft_key_given(&t->section, key))
			draft_complain(d, &at,
				"%s is given, but Protocols does not offer %s",
				key, proto_name((enum proto)p));
	}
}

/* What is weak ends on a day that somebody chose. */
static void check_crypto(struct draft *d, struct target_draft *t)
{
	const struct draft_section *s = &t->section;
	struct origin at = draft_key_origin(s, "Crypto");

	if (t->target.crypto && !t->target.crypto_until)
		draft_complain(d, &at,
			"Crypto allows what is weak, and needs an end: write "
			"the last day on which it is used, such as "
			"CryptoUntil = 2027-06-30");
	at = draft_key_origin(s, "CryptoUntil");
	if (!t->target.crypto && t->target.crypto_until)
		draft_complain(d, &at, "CryptoUntil is given without Crypto");
}

/* By the dialogue alone can a telnet's login be answered. */
static void check_credential(struct draft *d, struct target_draft *t)
{
	const uint32_t named = t->target.protocols.named;
	const struct origin at = draft_key_origin(&t->section, "Credential");

	if (t->target.credential == CREDENTIAL_PASSWORD && (named & TELNET) &&
		!t->target.login_password[0])
		draft_complain(d, &at,
			"a password is given to telnet at a prompt: write what "
			"that ends in, such as Login.Password = Password:");
	if (t->target.credential == CREDENTIAL_PASSWORD && (named & TELNET) &&
		!t->target.login_ready[0])
		draft_complain(d, &at,
			"a telnet's login is over when the device is ready: "
			"write what its prompt ends in then, such as "
			"Login.Ready = >");
	if (t->target.credential == CREDENTIAL_KEY && !(named & SSH))
		draft_complain(d, &at,
			"a key is for ssh and sftp, which Protocols does not "
			"offer");
}

static bool ends_as(const char *text, const char *other)
{
	const size_t len = strlen(text), n = strlen(other);

	return n > 0 && len >= n && strcmp(text + len - n, other) == 0;
}

/* The words of a login exclude each other, or one is taken for another. */
static void check_login(struct draft *d, struct target_draft *t)
{
	const struct target *x = &t->target;
	const struct {
		const char *key, *text;
	} all[] = {{"Login.User", x->login_user},
		{"Login.Password", x->login_password},
		{"Login.Ready", x->login_ready},
		{"Login.Failed", x->login_failed}};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		const struct origin at =
			draft_key_origin(&t->section, all[i].key);

		for (size_t j = 0; j < ARRAY_LEN(all); j++) {
			if (i == j || !ends_as(all[i].text, all[j].text) ||
				(i < j && ends_as(all[j].text, all[i].text)))
				continue;
			draft_complain(d, &at,
				"%s ends as %s does, and could be taken for "
				"it; write what tells them apart",
				all[i].key, all[j].key);
		}
	}
}

static const struct target_draft *find_target(
	const struct draft *d, const char *name)
{
	size_t low = 0, high = d->targets.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct target_draft *t = draft_target(d, middle);
		int order = strcmp(name, t->target.name);

		if (order == 0)
			return t;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static void complain_no_hop(
	struct draft *d, const struct origin *at, const char *name)
{
	struct suggest meant = {.word = name};

	if (d->section_lost)
		return; /* it may be the one whose line was refused */
	for (size_t i = 0; i < d->targets.count; i++)
		suggest_consider(&meant, draft_target(d, i)->target.name);
	draft_complain(d, at, "there is no target \"%s\"%s%s%s", name,
		meant.best ? "; did you mean \"" : "",
		meant.best ? meant.best : "", meant.best ? "\"?" : "");
}

/* From hop to hop; each complaint is at the target that names the hop. */
static void check_hops(struct draft *d, struct target_draft *t)
{
	const struct origin at = draft_key_origin(&t->section, "Via");
	const struct target_draft *hop = find_target(d, t->target.via);
	size_t count = 1;

	if (!hop) {
		complain_no_hop(d, &at, t->target.via);
		return;
	}
	if (!hop->section.broken &&
		!(hop->target.protocols.named & 1u << PROTO_SSH))
		draft_complain(d, &at,
			"[target %s] does not offer ssh, which is what one "
			"jumps by",
			hop->target.name);
	for (; hop && hop != t && hop->target.via[0]; count++) {
		if (count > POLICY_HOPS_MAX)
			break;
		hop = find_target(d, hop->target.via);
	}
	if (hop == t)
		draft_complain(d, &at,
			"Via goes in a circle, back to [target "
			"%s]",
			t->target.name);
	else if (count > POLICY_HOPS_MAX)
		draft_complain(d, &at,
			"Via leads over more than %d targets, one behind the "
			"other",
			POLICY_HOPS_MAX);
}

static void check_via(struct draft *d, struct target_draft *t)
{
	const struct proto_set *set = &t->target.protocols;
	const struct origin at = draft_key_origin(&t->section, "Protocols");

	if (!t->target.via[0])
		return;
	check_hops(d, t);
	if ((set->named & PROTO_NAMED_ALL & ~SSH) || set->port_count)
		draft_complain(d, &at,
			"behind another target (Via) there are ssh and sftp "
			"alone: no tunnel goes over a hop");
}

/* All offered protocols get their port; the reader need not know defaults. */
static void fill_ports(struct target *t)
{
	for (unsigned p = PROTO_NONE + 1; p < PROTO_TCP; p++) {
		if (proto_set_has(&t->protocols, (enum proto)p, 0) &&
			!t->port[p][0])
			t->port[p][0] = target_port(t, (enum proto)p, 0);
	}
}

static bool reachable(const struct draft *d, const struct target *t)
{
	for (size_t i = 0; i < d->conduits.count; i++) {
		const struct conduit_draft *c = draft_conduit(d, i);

		/* A broken conduit may be the one: do not complain twice. */
		if (c->section.broken)
			return true;
		if (conduit_has_zone(&c->conduit, t->zone) &&
			proto_set_meets(&c->conduit.protocols, &t->protocols))
			return true;
	}
	return false;
}

void check_target(struct draft *d, struct target_draft *t)
{
	const struct zone_draft *z;

	check_required(d, &t->section, t->target.name);
	if (t->section.broken)
		return;
	z = check_zone(d, &t->section, "Zone", t->target.zone);
	if (!z)
		return;
	if (!z->section.broken)
		check_addresses(d, t, z);
	check_key_uses(d, t);
	check_port_keys(d, t);
	check_crypto(d, t);
	check_credential(d, t);
	check_login(d, t);
	check_via(d, t);
	fill_ports(&t->target);
	if (!reachable(d, &t->target)) {
		char all[PROTO_SET_TEXT_SIZE];

		draft_complain(d, &t->section.origin,
			"nobody can reach [target %s]: no conduit to zone "
			"\"%s\" carries %s; add one, or remove the target",
			t->target.name, t->target.zone,
			proto_set_format(
				&t->target.protocols, all, sizeof(all)));
	}
}
