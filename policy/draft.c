/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the lines of files to drafts of sections: finds the section, finds
 * the key's row, lets the row's setter judge the value.
 */
#include "policy/draft.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/ini.h"
#include "policy/suggest.h"
#include "policy/utf8.h"

static const char *const kind_names[SECTION_COUNT] = {
	[SECTION_NONE] = "",
	[SECTION_BASTION] = "bastion",
	[SECTION_ZONE] = "zone",
	[SECTION_TARGET] = "target",
	[SECTION_CONDUIT] = "conduit",
};

const char *section_kind_name(enum section_kind kind)
{
	return kind_names[kind];
}

static void complain(struct draft *d, const struct origin *origin,
	const char *format, va_list ap)
{
	struct policy_errors *e = d->errors;
	struct policy_error *slot;

	if (e->count++ >= POLICY_ERRORS_MAX)
		return;
	slot = &e->error[e->count - 1];
	slot->origin = *origin;
	vsnprintf(slot->text, sizeof(slot->text), format, ap);
}

void draft_complain(
	struct draft *d, const struct origin *origin, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	complain(d, origin, format, ap);
	va_end(ap);
}

static struct origin here(const struct draft *d, uint32_t line)
{
	struct origin o = {.line = line};

	snprintf(o.file, sizeof(o.file), "%s", d->file);
	return o;
}

bool draft_refuse(struct draft *d, uint32_t line, const char *format, ...)
{
	struct origin o = here(d, line);
	va_list ap;

	va_start(ap, format);
	complain(d, &o, format, ap);
	va_end(ap);
	if (d->current)
		d->current->broken = true;
	return false;
}

static int key_index(enum section_kind kind, const char *key)
{
	const struct key_row *rows = keys_of(kind);

	for (int i = 0; rows && rows[i].name; i++) {
		if (strcmp(rows[i].name, key) == 0)
			return i;
	}
	return -1;
}

bool draft_key_given(const struct draft_section *s, const char *key)
{
	int i = key_index(s->kind, key);

	return i >= 0 && s->key_line[i] != 0;
}

struct origin draft_key_origin(const struct draft_section *s, const char *key)
{
	struct origin o = s->origin;
	int i = key_index(s->kind, key);

	if (i >= 0 && s->key_line[i] != 0)
		o.line = s->key_line[i];
	return o;
}

/* A zeroed item at the end of the list, NULL when there is no room. */
static void *list_add(struct draft *d, struct draft_list *l)
{
	char *items = l->items;

	if (l->count == l->max)
		return NULL;
	if (l->count == l->capacity) {
		size_t more = l->capacity ? 2 * l->capacity : 16;

		items = reallocarray(l->items, more, l->item_size);
		if (!items) {
			d->no_memory = true;
			return NULL;
		}
		l->items = items;
		l->capacity = more;
	}
	items += l->count++ * l->item_size;
	memset(items, 0, l->item_size);
	return items;
}

static struct draft_list *list_of(struct draft *d, enum section_kind kind)
{
	switch (kind) {
	case SECTION_ZONE:
		return &d->zones;
	case SECTION_TARGET:
		return &d->targets;
	case SECTION_CONDUIT:
		return &d->conduits;
	default:
		return NULL;
	}
}

/* The object of an item, whose first field is its name in all kinds. */
static void *object_of(struct draft_section *s)
{
	switch (s->kind) {
	case SECTION_ZONE:
		return &((struct zone_draft *)s)->zone;
	case SECTION_TARGET:
		return &((struct target_draft *)s)->target;
	case SECTION_CONDUIT:
		return &((struct conduit_draft *)s)->conduit;
	default:
		return NULL;
	}
}

/* "[zone cell-a]" taken apart. The name is bounded by the line reader. */
struct header {
	enum section_kind kind;
	char kind_text[INI_NAME_MAX_BYTES + 1];
	char name[INI_NAME_MAX_BYTES + 1];
};

static void header_split(const char *text, struct header *ret)
{
	size_t len;

	*ret = (struct header){0};
	text += strspn(text, " \t");
	len = strcspn(text, " \t");
	memcpy(ret->kind_text, text, len);
	text += len;
	text += strspn(text, " \t");
	len = strlen(text);
	while (len > 0 && strchr(" \t", text[len - 1]))
		len--;
	memcpy(ret->name, text, len);
	for (unsigned k = SECTION_NONE + 1; k < SECTION_COUNT; k++) {
		if (strcmp(kind_names[k], ret->kind_text) == 0)
			ret->kind = (enum section_kind)k;
	}
}

static bool header_unknown(
	struct draft *d, uint32_t line, const struct header *h)
{
	struct suggest s = {.word = h->kind_text};

	for (unsigned k = SECTION_NONE + 1; k < SECTION_COUNT; k++)
		suggest_consider(&s, kind_names[k]);
	if (s.best)
		return draft_refuse(d, line,
			"unknown section [%s]; did you mean [%s%s]?",
			h->kind_text, s.best,
			strcmp(s.best, "bastion") == 0 ? "" : " NAME");
	return draft_refuse(d, line,
		"unknown section [%s]; there are [bastion], [zone NAME], "
		"[target NAME] and [conduit NAME]",
		h->kind_text);
}

static bool header_sound(struct draft *d, uint32_t line, const struct header *h)
{
	if (!ascii_is_plain(h->kind_text) || !ascii_is_plain(h->name))
		return draft_refuse(
			d, line, "names of sections are plain ASCII");
	if (h->kind == SECTION_NONE)
		return header_unknown(d, line, h);
	if (h->kind == SECTION_BASTION) {
		if (h->name[0])
			return draft_refuse(d, line,
				"[bastion] takes no name; its name is the "
				"key Id");
		if (strcmp(d->file, "jump.conf") != 0)
			return draft_refuse(d, line,
				"[bastion] belongs into jump.conf alone");
		if (d->bastion.kind != SECTION_NONE)
			return draft_refuse(d, line,
				"[bastion] stands at line %u already; put "
				"the keys there",
				d->bastion.origin.line);
		return true;
	}
	if (!h->name[0])
		return draft_refuse(d, line, "[%s] needs a name: [%s NAME]",
			h->kind_text, h->kind_text);
	if (!name_valid(h->name))
		return draft_refuse(d, line,
			"\"%s\" can't be a name: a to z first, then a to z, "
			"0 to 9, \"-\" and \"_\", %d characters at most",
			h->name, NAME_MAX_LEN);
	return true;
}

static void on_section(void *user, uint32_t line, const char *text)
{
	struct draft *d = user;
	struct draft_section *s;
	struct header h;

	d->current = NULL;
	d->skip = true;
	if (text)
		header_split(text, &h);
	if (!text || !header_sound(d, line, &h)) {
		d->section_lost = true;
		return;
	}
	if (h.kind == SECTION_BASTION) {
		s = &d->bastion;
		d->object = &d->settings;
	} else {
		struct draft_list *l = list_of(d, h.kind);

		s = list_add(d, l);
		if (!s) {
			draft_refuse(d, line,
				"no room for more: %zu sections of this kind "
				"are the limit",
				l->max);
			return;
		}
	}
	s->kind = h.kind;
	s->order = d->order++;
	s->origin = here(d, line);
	if (h.kind != SECTION_BASTION) {
		d->object = object_of(s);
		memcpy(d->object, h.name, strlen(h.name) + 1);
		keys_defaults(h.kind, d->object);
	}
	d->current = s;
	d->skip = false;
}

static void key_unknown(struct draft *d, uint32_t line, const char *key)
{
	const struct key_row *rows = keys_of(d->current->kind);
	const char *kind = kind_names[d->current->kind];
	struct suggest s = {.word = key};

	for (size_t i = 0; rows[i].name; i++)
		suggest_consider(&s, rows[i].name);
	if (s.best) {
		draft_refuse(d, line,
			"[%s] has no key \"%s\"; did you mean \"%s\"?", kind,
			key, s.best);
		return;
	}
	/* Right word, wrong section? */
	for (unsigned k = SECTION_NONE + 1; k < SECTION_COUNT; k++) {
		if (key_index((enum section_kind)k, key) >= 0) {
			draft_refuse(d, line,
				"[%s] has no key \"%s\"; it belongs into "
				"[%s%s]",
				kind, key, kind_names[k],
				k == SECTION_BASTION ? "" : " NAME");
			return;
		}
	}
	draft_refuse(
		d, line, "[%s] has no key \"%s\"; see jump.conf(5)", kind, key);
}

static void on_key(
	void *user, uint32_t line, const char *key, const char *value)
{
	struct draft *d = user;
	const struct key_row *row;
	int i;

	if (!d->current) {
		if (!d->skip)
			draft_refuse(d, line,
				"a key must stand below a section such as "
				"[zone NAME]");
		return;
	}
	if (!ascii_is_plain(key)) {
		draft_refuse(d, line, "keys are plain ASCII");
		return;
	}
	i = key_index(d->current->kind, key);
	if (i < 0) {
		key_unknown(d, line, key);
		return;
	}
	row = &keys_of(d->current->kind)[i];
	if (d->current->key_line[i] && !row->repeat) {
		draft_refuse(d, line,
			"%s stands at line %u already; a key is given once",
			key, d->current->key_line[i]);
		return;
	}
	d->current->key_line[i] = line;
	if (!*value)
		draft_refuse(d, line, "%s has no value; for example: %s = %s",
			key, key, row->example);
	else
		(void)row->set(d, row, line, value);
}

static void on_fault(void *user, uint32_t line, const char *what)
{
	struct draft *d = user;

	draft_refuse(d, line, "%s", what);
}

void draft_read(
	struct draft *d, const char *file, const char *bytes, size_t len)
{
	static const struct ini_events events = {
		.section = on_section, .key = on_key, .fault = on_fault};

	d->file = file;
	d->current = NULL;
	d->skip = false;
	ini_read(bytes, len, &events, d);
	d->current = NULL;
}
