/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two forms of a listing of rights.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/moment.h"
#include "jumpctl/grants.h"

static const char *const record_words[] = {
	[RECORD_REQUIRED] = "required",
	[RECORD_OPTIONAL] = "optional",
	[RECORD_NONE] = "none",
};

static const char *record_word(enum record r)
{
	return (size_t)r < ARRAY_LEN(record_words) ? record_words[r]
						   : "required";
}

void grants_print_head(const struct listing *l)
{
	const struct rights_info *info = rights_info(l->rights);
	char issued[MOMENT_TEXT_SIZE], expires[MOMENT_TEXT_SIZE];
	bool stale = l->at >= info->expires;

	moment_format(info->issued, issued);
	moment_format(info->expires, expires);
	printf("generation %llu, snapshot %llu of %s\n",
		(unsigned long long)info->generation,
		(unsigned long long)info->serial, issued);
	printf("%s%s %s%s\n", command_colour(stale ? COLOUR_BAD : COLOUR_DIM),
		stale ? "expired: no new sessions since" : "good until",
		expires, command_colour(COLOUR_OFF));
}

static void print_state(const struct grant *g, int64_t now)
{
	const char *state = grant_state(g, now);
	char from[MOMENT_TEXT_SIZE], to[MOMENT_TEXT_SIZE];
	bool open = strcmp(state, "open") == 0;

	moment_format(g->not_before, from);
	moment_format(g->not_after, to);
	printf("  %s  %s%s%s  %s to %s\n", g->id,
		command_colour(open ? COLOUR_GOOD : COLOUR_DIM), state,
		command_colour(COLOUR_OFF), from, to);
}

static void print_names(
	const char *before, const char (*names)[NAME_SIZE], size_t count)
{
	for (size_t i = 0; i < count; i++)
		printf("%s%s", i ? ", " : before, names[i]);
}

static void print_files(uint8_t files)
{
	if (files)
		printf("; files %s%s%s at most", files & FILES_UP ? "up" : "",
			files == (FILES_UP | FILES_DOWN) ? " and " : "",
			files & FILES_DOWN ? "down" : "");
}

static void print_grant(const struct grant *g, int64_t now)
{
	char text[PROTO_SET_TEXT_SIZE];

	print_state(g, now);
	print_names("    ", g->targets, g->target_count);
	printf(" by %s", proto_set_format(&g->protocols, text, sizeof(text)));
	if (g->account[0])
		printf(" as %s", g->account);
	print_files(g->files);
	printf("; recording %s\n", g->record == RECORD_NONE
					   ? "as policy says"
					   : record_word(g->record));
	print_names("    approved by ", g->approvers, g->approver_count);
	if (g->ticket[0])
		printf("; ticket %s", g->ticket);
	for (size_t i = 0; i < g->source_count; i++)
		printf("%s%s/%u", i ? ", " : "; only from ",
			address_format(
				&g->sources[i].address, text, sizeof(text)),
			g->sources[i].prefix);
	putchar('\n');
}

void grants_print_user(const struct listing *l, const struct rights_user *u,
	const struct rights_view *v)
{
	printf("\n%s (uid %u, %zu key%s%s)\n", u->name, u->uid, u->key_count,
		u->key_count == 1 ? "" : "s", u->disabled ? ", disabled" : "");
	if (v->grant_count == 0)
		puts("  no grants");
	for (size_t i = 0; i < v->grant_count; i++)
		print_grant(&v->grants[i], l->at);
}

static json_t *time_json(int64_t sec)
{
	char text[MOMENT_TEXT_SIZE];

	moment_format(sec, text);
	return json_string(text);
}

static json_t *names_json(const char (*names)[NAME_SIZE], size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(names[i]));
	return list;
}

static json_t *protocols_json(const struct proto_set *set)
{
	json_t *list = json_array();
	struct offer at = {0};
	char text[PROTO_TEXT_SIZE];

	while (proto_set_next(set, &at))
		json_array_append_new(
			list, json_string(proto_text(at.proto, at.port, text)));
	return list;
}

static json_t *files_json(uint8_t files)
{
	json_t *list = json_array();

	if (files & FILES_UP)
		json_array_append_new(list, json_string("up"));
	if (files & FILES_DOWN)
		json_array_append_new(list, json_string("down"));
	return list;
}

static json_t *sources_json(const struct grant *g)
{
	json_t *list = json_array();
	char text[ADDRESS_TEXT_SIZE];

	for (size_t i = 0; i < g->source_count; i++)
		json_array_append_new(
			list, json_sprintf("%s/%u",
				      address_format(&g->sources[i].address,
					      text, sizeof(text)),
				      g->sources[i].prefix));
	return list;
}

static json_t *grant_json(const struct grant *g, int64_t now)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:b, s:o, s:s,"
			 " s:s, s:o, s:o}",
		"id", g->id, "state", grant_state(g, now), "not_before",
		time_json(g->not_before), "not_after", time_json(g->not_after),
		"targets", names_json(g->targets, g->target_count), "protocols",
		protocols_json(&g->protocols), "account", g->account, "revoked",
		g->revoked, "approved_by",
		names_json(g->approvers, g->approver_count), "ticket",
		g->ticket, "record", record_word(g->record), "files",
		files_json(g->files), "sources", sources_json(g));
}

int grants_json_user(const struct listing *l, const struct rights_user *u,
	const struct rights_view *v, json_t *users)
{
	json_t *keys = json_array(), *grants = json_array(), *user;

	for (size_t i = 0; i < u->key_count; i++)
		json_array_append_new(keys, json_string(u->keys[i]));
	for (size_t i = 0; i < v->grant_count; i++)
		json_array_append_new(grants, grant_json(&v->grants[i], l->at));
	user = json_pack("{s:s, s:I, s:b, s:o, s:o}", "name", u->name, "uid",
		(json_int_t)u->uid, "disabled", u->disabled, "keys", keys,
		"grants", grants);
	return json_array_append_new(users, user) < 0 ? -ENOMEM : 0;
}

json_t *grants_json_head(const struct listing *l, json_t *users)
{
	const struct rights_info *info = rights_info(l->rights);

	return json_pack("{s:I, s:I, s:o, s:o, s:b, s:o}", "generation",
		(json_int_t)info->generation, "serial",
		(json_int_t)info->serial, "issued", time_json(info->issued),
		"expires", time_json(info->expires), "stale",
		l->at >= info->expires, "users", users);
}
