/* SPDX-License-Identifier: BSD-2-Clause */
/* `jumpctl inventory show|push`. */
#include "jumpctl/inventory.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "json/strict.h"
#include "jumpctl/api.h"
#include "jumpctl/json.h"

static json_t *names_of(const char (*names)[NAME_SIZE], size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < count; i++)
		(void)json_array_append_new(list, json_string(names[i]));
	return list;
}

static json_t *protocols_of(const struct proto_set *set)
{
	json_t *list = json_array();
	struct offer at = {0};
	char text[PROTO_TEXT_SIZE];

	while (list && proto_set_next(set, &at))
		(void)json_array_append_new(
			list, json_string(proto_text(at.proto, at.port, text)));
	if (list && set->any_port)
		(void)json_array_append_new(list, json_string("tcp/*"));
	return list;
}

static json_t *files_of(uint8_t files)
{
	json_t *list = json_array();

	if (list && (files & FILES_UP))
		(void)json_array_append_new(list, json_string("up"));
	if (list && (files & FILES_DOWN))
		(void)json_array_append_new(list, json_string("down"));
	return list;
}

static const char *record_of(enum record record)
{
	return record == RECORD_NONE	   ? "none"
	       : record == RECORD_OPTIONAL ? "optional"
					   : "required";
}

static json_t *zones_of(const struct policy *p)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < p->zone_count; i++)
		(void)json_array_append_new(
			list, json_pack("{s:s,s:s}", "name", p->zones[i].name,
				      "description", p->zones[i].description));
	return list;
}

static json_t *targets_of(const struct policy *p)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < p->target_count; i++) {
		const struct target *t = &p->targets[i];

		(void)json_array_append_new(
			list, json_pack("{s:s,s:s,s:o,s:o}", "name", t->name,
				      "zone", t->zone, "protocols",
				      protocols_of(&t->protocols), "accounts",
				      names_of(t->accounts, t->account_count)));
	}
	return list;
}

static json_t *patterns_of(const struct conduit *c)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < c->file_pattern_count; i++)
		(void)json_array_append_new(
			list, json_string(c->file_patterns[i]));
	return list;
}

static json_t *conduits_of(const struct policy *p)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < p->conduit_count; i++) {
		const struct conduit *c = &p->conduits[i];

		(void)json_array_append_new(list,
			json_pack("{s:s,s:o,s:o,s:o,s:I,s:i,s:s,s:o,s:I,s:I,"
				  "s:o,s:b}",
				"name", c->name, "users",
				names_of(c->users, c->user_count), "zones",
				names_of(c->zones, c->zone_count), "protocols",
				protocols_of(&c->protocols), "max_window_sec",
				(json_int_t)c->max_window_sec, "approvals",
				(int)c->approvals, "record",
				record_of(c->record), "files",
				files_of(c->files), "file_size_max",
				(json_int_t)c->file_size_max, "file_count_max",
				(json_int_t)c->file_count_max, "file_names",
				patterns_of(c), "file_check",
				c->file_check[0] != '\0'));
	}
	return list;
}

/* An element that could not be built is missing: then none of it is good. */
static bool complete(const json_t *inventory, const struct policy *p)
{
	return json_array_size(json_object_get(inventory, "zones")) ==
		       p->zone_count &&
	       json_array_size(json_object_get(inventory, "targets")) ==
		       p->target_count &&
	       json_array_size(json_object_get(inventory, "conduits")) ==
		       p->conduit_count;
}

json_t *inventory_of(const struct policy *policy)
{
	json_t *inventory = json_pack("{s:i,s:I,s:I,s:o,s:o,s:o}", "v", 1,
		"uid_min", (json_int_t)policy->settings.uid_min, "uid_max",
		(json_int_t)policy->settings.uid_max, "zones", zones_of(policy),
		"targets", targets_of(policy), "conduits", conduits_of(policy));

	if (inventory && !complete(inventory, policy)) {
		json_decref(inventory);
		return NULL;
	}
	return inventory;
}

struct wish {
	struct api_options api;
	const char *dir;
};

static int read_wish(const struct invocation *in, struct wish *w)
{
	static const struct option options[] = {
		{"dir", required_argument, NULL, 'd'}, API_OPTIONS, {0}};
	int c;

	while ((c = command_option(in, options)) != -1) {
		if (api_option(c, &w->api))
			continue;
		if (c != 'd')
			return EXIT_USAGE;
		w->dir = optarg;
	}
	if (optind != in->argc)
		return command_usage(in, "no argument is taken");
	return EXIT_OK;
}

static int load(
	const struct invocation *in, const char *dir, json_t **ret_inventory)
{
	_cleanup_policy_ struct policy policy = {0};
	_cleanup_free_ struct policy_errors *errors =
		calloc(1, sizeof(*errors));
	int r = errors ? policy_load(dir, geteuid(), &policy, errors) : -ENOMEM;

	if (r < 0)
		return command_failed(in,
			"%s: the policy is not sound: see jumpctl policy "
			"check",
			dir);
	*ret_inventory = inventory_of(&policy);
	return *ret_inventory ? EXIT_OK : command_failed(in, "no memory");
}

static int run_show(const struct invocation *in)
{
	_cleanup_json_ json_t *inventory = NULL;
	struct wish w = {.dir = POLICY_DIR};
	int r = read_wish(in, &w);

	if (r == EXIT_OK)
		r = load(in, w.dir, &inventory);
	return r == EXIT_OK ? command_json(in, TAKE_PTR(inventory)) : r;
}

/* "2 zones", "1 zone" */
static void print_count(
	const json_t *answer, const char *things, const char *after)
{
	json_int_t count = json_integer_value(json_object_get(answer, things));

	printf("%lld %.*s%s", (long long)count,
		(int)strlen(things) - (count == 1), things, after);
}

static int run_push(const struct invocation *in)
{
	_cleanup_json_ json_t *inventory = NULL, *answer = NULL;
	struct wish w = {.dir = POLICY_DIR};
	char identity[PATH_MAX];
	struct api api;
	int r = read_wish(in, &w);

	if (r != EXIT_OK)
		return r;
	snprintf(identity, sizeof(identity), "%s/bastion", w.dir);
	if (!w.api.identity)
		w.api.identity = identity;
	r = load(in, w.dir, &inventory);
	if (r == EXIT_OK)
		r = api_open(in, &w.api, &api);
	if (r == EXIT_OK)
		r = api_call(in, &api, "PUT", "/v1/inventory",
			TAKE_PTR(inventory), &answer);
	if (r != EXIT_OK)
		return r;
	if (in->json)
		return command_json(in, TAKE_PTR(answer));
	print_count(answer, "zones", ", ");
	print_count(answer, "targets", ", ");
	print_count(answer, "conduits", " are known to ");
	printf("%s\n", api.url);
	return EXIT_OK;
}

const struct command inventory_commands[] = {
	{"inventory show", "[--dir DIR]",
		"print what the service would be told", run_show, NULL},
	{"inventory push", "[--dir DIR] " API_ARGS,
		"tell the service which targets and conduits there are",
		run_push,
		"Again after each change of the policy. Names, protocols and\n"
		"limits are told; addresses and keys are not.\n"},
	{0},
};
