/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What only the whole of a policy can show: keys that are missing, names that
 * stand for nothing, networks and ports that two claim, targets that nobody
 * could ever reach.
 */
#include "policy/draft.h"

#include <stdlib.h>
#include <string.h>

#include "policy/overlap.h"
#include "policy/suggest.h"

static void check_required(
	struct draft *d, struct draft_section *s, const char *name)
{
	const struct key_row *rows = keys_of(s->kind);
	bool missing = false;

	/* A refused line may have been the one that is missed. */
	for (size_t i = 0; !s->broken && rows[i].name; i++) {
		if (!rows[i].required || s->key_line[i])
			continue;
		draft_complain(d, &s->origin,
			"[%s%s%s] lacks %s; for "
			"example: %s = %s",
			section_kind_name(s->kind), *name ? " " : "", name,
			rows[i].name, rows[i].name, rows[i].example);
		missing = true;
	}
	s->broken = s->broken || missing;
}

static const struct zone_draft *find_zone(
	const struct draft *d, const char *name)
{
	size_t low = 0, high = d->zones.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct zone_draft *z = draft_zone(d, middle);
		int order = strcmp(name, z->zone.name);

		if (order == 0)
			return z;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* The zone, or NULL and a complaint at the section's key. */
static const struct zone_draft *need_zone(struct draft *d,
	struct draft_section *s, const char *key, const char *name)
{
	const struct zone_draft *z = find_zone(d, name);
	struct origin at = draft_key_origin(s, key);
	struct suggest meant = {.word = name};

	if (z)
		return z;
	s->broken = true;
	if (d->section_lost)
		return NULL; /* it may be the one whose line was refused */
	for (size_t i = 0; i < d->zones.count; i++)
		suggest_consider(&meant, draft_zone(d, i)->zone.name);
	if (meant.best)
		draft_complain(d, &at,
			"there is no zone \"%s\"; did you mean \"%s\"?", name,
			meant.best);
	else
		draft_complain(d, &at,
			"there is no zone \"%s\"; it needs a section [zone %s]",
			name, name);
	return NULL;
}

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

/* Keys that ssh and sftp need, and keys of protocols that are not offered. */
static void check_target_keys(struct draft *d, struct target_draft *t)
{
	struct draft_section *s = &t->section;
	const proto_set set = t->target.protocols;
	bool ssh =
		proto_set_has(set, PROTO_SSH) || proto_set_has(set, PROTO_SFTP);
	static const char *const ssh_keys[] = {"HostKey", "Accounts"};

	for (size_t i = 0; i < 2; i++) {
		bool given = draft_key_given(s, ssh_keys[i]);
		struct origin at = draft_key_origin(s, ssh_keys[i]);

		if (ssh && !given)
			draft_complain(d, &at,
				"[target %s] offers ssh or sftp and lacks %s; "
				"%s",
				t->target.name, ssh_keys[i],
				i ? "write the accounts to log in to, such as "
				    "Accounts = maint"
				  : "'jumpctl target scan' prints the line to "
				    "compare and add");
		if (!ssh && given)
			draft_complain(d, &at,
				"%s is for ssh and sftp, which Protocols does "
				"not offer",
				ssh_keys[i]);
	}
	for (unsigned p = PROTO_NONE + 1; p < PROTO_COUNT; p++) {
		char key[16] = "Port.";
		struct origin at;
		bool offered = p == PROTO_SSH
				       ? ssh
				       : proto_set_has(set, (enum proto)p);

		strncat(key, proto_name((enum proto)p), sizeof(key) - 6);
		at = draft_key_origin(s, key);
		if (!offered && draft_key_given(s, key))
			draft_complain(d, &at,
				"%s is given, but Protocols does not offer %s",
				key, proto_name((enum proto)p));
	}
}

/* All offered protocols get their port; the reader need not know defaults. */
static void fill_ports(struct target *t)
{
	for (unsigned p = PROTO_NONE + 1; p < PROTO_COUNT; p++) {
		if (proto_set_has(t->protocols, (enum proto)p) && !t->port[p])
			t->port[p] =
				p == PROTO_SFTP && t->port[PROTO_SSH]
					? t->port[PROTO_SSH]
					: proto_default_port((enum proto)p);
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
			(c->conduit.protocols & t->protocols))
			return true;
	}
	return false;
}

static void check_target(struct draft *d, struct target_draft *t)
{
	const struct zone_draft *z;

	check_required(d, &t->section, t->target.name);
	if (t->section.broken)
		return;
	z = need_zone(d, &t->section, "Zone", t->target.zone);
	if (!z)
		return;
	if (!z->section.broken)
		check_addresses(d, t, z);
	check_target_keys(d, t);
	fill_ports(&t->target);
	if (!reachable(d, &t->target)) {
		char all[64];

		draft_complain(d, &t->section.origin,
			"nobody can reach [target %s]: no conduit to zone "
			"\"%s\" carries %s; add one, or remove the target",
			t->target.name, t->target.zone,
			proto_set_format(
				t->target.protocols, all, sizeof(all)));
	}
}

static void check_conduit(struct draft *d, struct conduit_draft *c)
{
	check_required(d, &c->section, c->conduit.name);
	/* Its zones are looked at in any case: each is a line to correct. */
	for (size_t i = 0; i < c->conduit.zone_count; i++)
		(void)need_zone(d, &c->section, "To", c->conduit.zones[i]);
}

static void check_bastion(struct draft *d)
{
	struct origin top = {.file = "jump.conf"};
	struct origin at;

	if (d->bastion.kind == SECTION_NONE && d->section_lost)
		return;
	if (d->bastion.kind == SECTION_NONE) {
		draft_complain(d, &top,
			"the section [bastion] is missing; it needs at least "
			"\"Id = NAME\"");
		return;
	}
	check_required(d, &d->bastion, "");
	if (d->settings.uid_min > d->settings.uid_max) {
		at = draft_key_origin(&d->bastion,
			draft_key_given(&d->bastion, "UidMax") ? "UidMax"
							       : "UidMin");
		draft_complain(d, &at,
			"UidMax (%u) is below UidMin (%u); give both",
			d->settings.uid_max, d->settings.uid_min);
	}
}

/* Sections of one name stand side by side in a sorted list. */
static void check_twice(struct draft *d, struct draft_section *first,
	struct draft_section *second, const char *name)
{
	draft_complain(d, &second->origin,
		"[%s %s] stands at %s:%u already; join them, or rename one",
		section_kind_name(first->kind), name, first->origin.file,
		first->origin.line);
	first->broken = second->broken = true;
}

static void check_names(struct draft *d)
{
	for (size_t i = 1; i < d->zones.count; i++) {
		struct zone_draft *a = draft_zone(d, i - 1);
		struct zone_draft *b = draft_zone(d, i);

		if (strcmp(a->zone.name, b->zone.name) == 0)
			check_twice(d, &a->section, &b->section, a->zone.name);
	}
	for (size_t i = 1; i < d->targets.count; i++) {
		struct target_draft *a = draft_target(d, i - 1);
		struct target_draft *b = draft_target(d, i);

		if (strcmp(a->target.name, b->target.name) == 0)
			check_twice(
				d, &a->section, &b->section, a->target.name);
	}
	for (size_t i = 0; i < d->conduits.count; i++) {
		struct conduit_draft *b = draft_conduit(d, i);

		for (size_t j = 0; j < i; j++) {
			struct conduit_draft *a = draft_conduit(d, j);

			if (strcmp(a->conduit.name, b->conduit.name))
				continue;
			check_twice(
				d, &a->section, &b->section, a->conduit.name);
			break;
		}
	}
}

static int by_name(const char *a, const char *b,
	const struct draft_section *a_section,
	const struct draft_section *b_section)
{
	int order = strcmp(a, b);

	if (order)
		return order;
	return a_section->order < b_section->order ? -1 : 1;
}

static int zone_order(const void *a, const void *b)
{
	const struct zone_draft *x = a, *y = b;

	return by_name(x->zone.name, y->zone.name, &x->section, &y->section);
}

static int target_order(const void *a, const void *b)
{
	const struct target_draft *x = a, *y = b;

	return by_name(
		x->target.name, y->target.name, &x->section, &y->section);
}

void draft_check(struct draft *d)
{
	if (d->zones.count > 0)
		qsort(d->zones.items, d->zones.count, d->zones.item_size,
			zone_order);
	if (d->targets.count > 0)
		qsort(d->targets.items, d->targets.count, d->targets.item_size,
			target_order);
	check_bastion(d);
	check_names(d);
	for (size_t i = 0; i < d->zones.count; i++) {
		struct zone_draft *z = draft_zone(d, i);

		check_required(d, &z->section, z->zone.name);
	}
	for (size_t i = 0; i < d->conduits.count; i++)
		check_conduit(d, draft_conduit(d, i));
	for (size_t i = 0; i < d->targets.count; i++)
		check_target(d, draft_target(d, i));
	check_overlaps(d);
}
