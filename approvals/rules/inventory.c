/* SPDX-License-Identifier: BSD-2-Clause */
/* The reader of inventories: lists of zones, targets and conduits. */
#include "approvals/rules/inventory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "approvals/rules/text.h"
#include "base/cleanup.h"
#include "base/number.h"

#define WINDOW_MAX_SEC (366u * 24 * 3600)
#define FILE_SIZE_MAX  (INT64_C(1) << 44)

static void take_name(
	struct json_reader *r, const char *field, char ret_name[NAME_SIZE])
{
	const char *text = json_reader_text(r, field, 1, NAME_MAX_LEN);

	if (text && name_valid(text))
		memcpy(ret_name, text, strlen(text) + 1);
	else
		json_reader_fail(r, field, "is no name");
}

static size_t take_names(struct json_reader *r, const char *field, size_t min,
	size_t max, bool (*valid)(const char *), char (*ret_names)[NAME_SIZE])
{
	const json_t *list = json_reader_array(r, field, min, max);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text =
			json_reader_element(r, field, list, i, 1, NAME_MAX_LEN);

		if (text && valid(text))
			memcpy(ret_names[i], text, strlen(text) + 1);
		else
			json_reader_fail(r, field, "has one that is no name");
	}
	return r->failed ? 0 : json_array_size(list);
}

#define ANY_PORT "tcp/*" /* of a conduit: whatever port a target offers */

/* One word more than a set has ports and names: that of any port. */
static void take_protocols(
	struct json_reader *r, bool conduit, struct proto_set *set)
{
	const json_t *list =
		json_reader_array(r, "protocols", 1, PROTO_WORDS_MAX + conduit);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_reader_element(
			r, "protocols", list, i, 1, PROTO_TEXT_SIZE - 1);
		struct offer s;

		if (text && conduit && !set->any_port &&
			strcmp(text, ANY_PORT) == 0)
			set->any_port = true;
		else if (!text || proto_parse(text, &s) < 0 ||
			 proto_set_add(set, s.proto, s.port) < 0)
			json_reader_fail(r, "protocols",
				"has a word that is unknown or stands twice");
	}
}

static void read_zone(struct json_reader *r, void *into)
{
	struct zone *z = into;
	const char *text;

	take_name(r, "name", z->name);
	text = json_reader_text(r, "description", 0, POLICY_TEXT_SIZE - 1);
	if (text && text_plain(text))
		memcpy(z->description, text, strlen(text) + 1);
	else
		json_reader_fail(r, "description", "has hidden characters");
}

static void read_target(struct json_reader *r, void *into)
{
	struct target *t = into;

	take_name(r, "name", t->name);
	take_name(r, "zone", t->zone);
	take_protocols(r, false, &t->protocols);
	t->account_count = take_names(
		r, "accounts", 0, POLICY_ACCOUNTS_MAX, name_valid, t->accounts);
}

static enum record take_record(struct json_reader *r)
{
	const char *text = json_reader_text(r, "record", 1, 8);

	if (text && strcmp(text, "none") == 0)
		return RECORD_NONE;
	if (text && strcmp(text, "optional") == 0)
		return RECORD_OPTIONAL;
	if (!text || strcmp(text, "required") != 0)
		json_reader_fail(r, "record", "is an unknown word");
	return RECORD_REQUIRED;
}

static uint8_t take_files(struct json_reader *r)
{
	const json_t *list = json_reader_array(r, "files", 0, 2);
	uint8_t files = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text =
			json_reader_element(r, "files", list, i, 1, 4);

		if (text && strcmp(text, "up") == 0)
			files |= FILES_UP;
		else if (text && strcmp(text, "down") == 0)
			files |= FILES_DOWN;
		else
			json_reader_fail(r, "files", "has an unknown word");
	}
	return files;
}

/* For people to see; the bastion holds to them. Of the check it only says
 * that there is one. */
static void take_file_limits(struct json_reader *r, struct conduit *c)
{
	const json_t *list = json_reader_array_opt(
		r, "file_names", 0, POLICY_FILE_PATTERNS_MAX);

	c->file_size_max = (uint64_t)json_reader_int_opt(
		r, "file_size_max", 1, FILE_SIZE_MAX, FILE_SIZE_MAX);
	c->file_count_max = (uint32_t)json_reader_int_opt(
		r, "file_count_max", 1, UINT32_MAX, UINT32_MAX);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_reader_element(r, "file_names", list, i,
			1, POLICY_FILE_PATTERN_SIZE - 1);

		if (!text || !text_plain(text))
			return json_reader_fail(
				r, "file_names", "has one that is no pattern");
		memcpy(c->file_patterns[c->file_pattern_count++], text,
			strlen(text) + 1);
	}
	if (json_reader_bool_opt(r, "file_check", false))
		c->file_check[0] = '/';
}

static void read_conduit(struct json_reader *r, void *into)
{
	struct conduit *c = into;

	take_name(r, "name", c->name);
	c->user_count = take_names(
		r, "users", 1, POLICY_PATTERNS_MAX, pattern_valid, c->users);
	c->zone_count = take_names(
		r, "zones", 1, POLICY_PATTERNS_MAX, name_valid, c->zones);
	take_protocols(r, true, &c->protocols);
	c->max_window_sec = (uint32_t)json_reader_int(
		r, "max_window_sec", 1, WINDOW_MAX_SEC);
	c->approvals = (uint16_t)json_reader_int(r, "approvals", 1, UINT16_MAX);
	c->record = take_record(r);
	c->files = take_files(r);
	take_file_limits(r, c);
}

/* One of the three lists: an array of objects into an array of structs that
 * all begin with their name. */
struct list {
	const char *field;
	size_t min, max;
	size_t size; /* of one element */
	void (*read)(struct json_reader *r, void *into);
};

static int read_list(const struct list *list, const json_t *array,
	void **ret_elements, size_t *ret_count, struct refusal *ret_why)
{
	size_t count = json_array_size(array);
	_cleanup_free_ char *elements = calloc(count ? count : 1, list->size);

	if (!elements)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct json_reader r;

		json_reader_init(&r, json_array_get(array, i));
		list->read(&r, elements + i * list->size);
		if (!json_reader_done(&r))
			return refuse(ret_why, REFUSAL_MALFORMED, list->field,
				"%s[%zu]: %s %s", list->field, i, r.field,
				r.why);
	}
	*ret_elements = TAKE_PTR(elements);
	*ret_count = count;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b); /* the name is the first member of each */
}

static int sort_list(const struct list *list, void *elements, size_t count,
	bool keep_order, struct refusal *ret_why)
{
	const char *bytes = elements;

	if (!keep_order)
		qsort(elements, count, list->size, by_name);
	for (size_t i = 1; !keep_order && i < count; i++)
		if (by_name(bytes + (i - 1) * list->size,
			    bytes + i * list->size) == 0)
			return refuse(ret_why, REFUSAL_INVALID, list->field,
				"%s: %s stands there twice", list->field,
				bytes + i * list->size);
	return 0;
}

static int check_references(const struct policy *p, struct refusal *ret_why)
{
	for (size_t i = 0; i < p->target_count; i++)
		if (!policy_zone(p, p->targets[i].zone))
			return refuse(ret_why, REFUSAL_INVALID, "targets",
				"%s: there is no zone %s", p->targets[i].name,
				p->targets[i].zone);
	for (size_t i = 0; i < p->conduit_count; i++)
		for (size_t j = 0; j < p->conduits[i].zone_count; j++)
			if (!policy_zone(p, p->conduits[i].zones[j]))
				return refuse(ret_why, REFUSAL_INVALID,
					"conduits", "%s: there is no zone %s",
					p->conduits[i].name,
					p->conduits[i].zones[j]);
	return 0;
}

static const struct list zones = {
	"zones", 0, INVENTORY_ZONES_MAX, sizeof(struct zone), read_zone};
static const struct list targets = {"targets", 0, INVENTORY_TARGETS_MAX,
	sizeof(struct target), read_target};
static const struct list conduits = {"conduits", 0, INVENTORY_CONDUITS_MAX,
	sizeof(struct conduit), read_conduit};

static int take_list(const struct list *list, struct json_reader *body,
	void **ret_elements, size_t *ret_count, struct refusal *ret_why)
{
	const json_t *array =
		json_reader_array(body, list->field, list->min, list->max);
	int r;

	if (body->failed)
		return refuse_reader(ret_why, body);
	r = read_list(list, array, ret_elements, ret_count, ret_why);
	if (r < 0)
		return r;
	return sort_list(
		list, *ret_elements, *ret_count, list == &conduits, ret_why);
}

int inventory_parse(const json_t *body, struct policy *ret_inventory,
	struct refusal *ret_why)
{
	_cleanup_policy_ struct policy p = {0};
	struct json_reader r;
	int e;

	json_reader_init(&r, body);
	(void)json_reader_int(&r, "v", 1, 1);
	p.settings.uid_min =
		(uint32_t)json_reader_int(&r, "uid_min", 1000, 4294967293);
	p.settings.uid_max =
		(uint32_t)json_reader_int(&r, "uid_max", 1000, 4294967293);
	e = take_list(&zones, &r, (void **)&p.zones, &p.zone_count, ret_why);
	if (e == 0)
		e = take_list(&targets, &r, (void **)&p.targets,
			&p.target_count, ret_why);
	if (e == 0)
		e = take_list(&conduits, &r, (void **)&p.conduits,
			&p.conduit_count, ret_why);
	if (e < 0)
		return e;
	if (!json_reader_done(&r))
		return refuse_reader(ret_why, &r);
	if (p.settings.uid_min > p.settings.uid_max)
		return refuse(ret_why, REFUSAL_INVALID, "uid_max",
			"the range of uids ends before it begins");
	e = check_references(&p, ret_why);
	if (e < 0)
		return e;
	*ret_inventory = p;
	p = (struct policy){0};
	return 0;
}
