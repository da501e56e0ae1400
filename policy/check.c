/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What only the whole of a policy can show: keys that are missing, names that
 * stand for nothing, networks and ports that two claim, targets that nobody
 * could ever reach.
 */
#include "policy/draft.h"

#include <stdlib.h>
#include <string.h>

#include "policy/check_target.h"
#include "policy/overlap.h"
#include "policy/suggest.h"

void check_required(struct draft *d, struct draft_section *s, const char *name)
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

const struct zone_draft *check_zone(struct draft *d, struct draft_section *s,
	const char *key, const char *name)
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

/* What limits files, where no files go; what checks none. */
static void check_file_keys(struct draft *d, struct conduit_draft *c)
{
	static const char *const keys[] = {"FileSize", "FileCount", "FileNames",
		"FileCheck", "FileCheckSize"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct origin at = draft_key_origin(&c->section, keys[i]);

		if (!draft_key_given(&c->section, keys[i]))
			continue;
		if (c->conduit.files == FILES_NONE)
			draft_complain(d, &at,
				"%s is given, but Files lets none go; write "
				"Files = up, down, or up down",
				keys[i]);
		else if (i == 3 && !(c->conduit.files & FILES_UP))
			draft_complain(d, &at,
				"FileCheck looks at what goes up, and Files "
				"lets files go down only");
		else if (i == 4 && !c->conduit.file_check[0])
			draft_complain(d, &at,
				"FileCheckSize is given without FileCheck");
	}
}

static void check_conduit(struct draft *d, struct conduit_draft *c)
{
	check_required(d, &c->section, c->conduit.name);
	if (!c->section.broken)
		check_file_keys(d, c);
	/* Its zones are looked at in any case: each is a line to correct. */
	for (size_t i = 0; i < c->conduit.zone_count; i++)
		(void)check_zone(d, &c->section, "To", c->conduit.zones[i]);
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
