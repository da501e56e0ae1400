/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * grants[] of a payload, straight into the struct that policy_decide() asks
 * for. Lists are short, so that what stands twice is found by comparing all.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "grants/snapshot_parse.h"

#define NETWORK_TEXT_MAX 49

static bool has_name(
	const char (*names)[NAME_SIZE], size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* A list of names, no two the same, appended to room for them. */
static size_t take_names(struct json_reader *r, const char *field, size_t max,
	char (*names)[NAME_SIZE])
{
	const json_t *list = json_reader_array(r, field, 1, max);
	size_t n = list ? json_array_size(list) : 0;

	for (size_t i = 0; i < n; i++) {
		const char *name =
			json_reader_element(r, field, list, i, 1, NAME_MAX_LEN);

		if (!name)
			return 0;
		if (!name_valid(name))
			json_reader_fail(r, field, "has what is no name");
		else if (has_name((const char(*)[NAME_SIZE])names, i, name))
			json_reader_fail(r, field, "has a name twice");
		else
			memcpy(names[i], name, strlen(name) + 1);
	}
	return n;
}

static void take_protocols(struct json_reader *r, struct proto_set *set)
{
	const json_t *list =
		json_reader_array(r, "protocols", 1, PROTO_WORDS_MAX);

	for (size_t i = 0; list && i < json_array_size(list); i++) {
		const char *word = json_reader_element(
			r, "protocols", list, i, 1, PROTO_TEXT_SIZE - 1);
		struct offer s;
		int e;

		if (!word)
			return;
		if (proto_parse(word, &s) < 0)
			return json_reader_fail(
				r, "protocols", "has an unknown one");
		e = proto_set_add(set, s.proto, s.port);
		if (e == -EEXIST)
			return json_reader_fail(
				r, "protocols", "has one twice");
		if (e < 0)
			return json_reader_fail(
				r, "protocols", "has too many ports");
	}
}

static enum record take_record(struct json_reader *r)
{
	static const char *const words[] = {
		[RECORD_REQUIRED] = "required",
		[RECORD_OPTIONAL] = "optional",
		[RECORD_NONE] = "none",
	};
	const char *word = json_reader_text(r, "record", 1, 16);

	for (size_t i = 0; word && i < ARRAY_LEN(words); i++)
		if (strcmp(word, words[i]) == 0)
			return (enum record)i;
	json_reader_fail(r, "record", "is not required, optional or none");
	return RECORD_REQUIRED;
}

static uint8_t take_files(struct json_reader *r)
{
	const json_t *list = json_reader_array(r, "files", 0, 2);
	uint8_t files = FILES_NONE;

	for (size_t i = 0; list && i < json_array_size(list); i++) {
		const char *word =
			json_reader_element(r, "files", list, i, 1, 8);
		uint8_t bit = FILES_NONE;

		if (word && strcmp(word, "up") == 0)
			bit = FILES_UP;
		if (word && strcmp(word, "down") == 0)
			bit = FILES_DOWN;
		if (bit == FILES_NONE || (files & bit))
			json_reader_fail(r, "files", "is not up, down, once");
		files |= bit;
	}
	return files;
}

static void take_sources(struct json_reader *r, struct grant *g)
{
	const json_t *list =
		json_reader_array(r, "sources", 0, GRANT_SOURCES_MAX);

	for (size_t i = 0; list && i < json_array_size(list); i++) {
		const char *text = json_reader_element(
			r, "sources", list, i, 1, NETWORK_TEXT_MAX);

		if (!text)
			return;
		if (!strchr(text, '/') ||
			network_parse(text, &g->sources[i]) < 0)
			return json_reader_fail(
				r, "sources", "has what is no network");
		g->source_count++;
	}
}

static void take_window(struct json_reader *r, struct grant *g)
{
	g->not_before = take_time(r, "not_before");
	g->not_after = take_time(r, "not_after");
	if (g->not_after <= g->not_before)
		json_reader_fail(
			r, "not_after", "is not later than not_before");
	else if (g->not_after - g->not_before > SNAPSHOT_WINDOW_MAX)
		json_reader_fail(r, "not_after", "makes more than 366 days");
}

/* Room for the targets of one more grant. */
static int grow_names(struct parse *p)
{
	size_t room = (p->s->name_count + SNAPSHOT_TARGETS_MAX) * 2;
	char(*names)[NAME_SIZE];

	if (p->s->name_count + SNAPSHOT_TARGETS_MAX <= p->name_room)
		return 0;
	names = reallocarray(p->s->names, room, sizeof(*names));
	if (!names)
		return fault_errno(p->fault, -ENOMEM, "grants");
	p->s->names = names;
	p->name_room = room;
	return 0;
}

static int compare_user(const void *name, const void *user)
{
	return strcmp(name, ((const struct snapshot_user *)user)->name);
}

static void take_user(struct parse *p, struct json_reader *r, size_t index)
{
	const char *name = take_name(r, "user");
	struct snapshot_user *u = NULL;
	struct grant *g = &p->s->grants[index];

	if (name && p->s->user_count > 0)
		u = bsearch(name, p->s->users, p->s->user_count,
			sizeof(*p->s->users), compare_user);
	if (!u)
		return json_reader_fail(r, "user", "is not among users");
	memcpy(g->user, u->name, strlen(u->name) + 1);
	g->uid = u->uid;
	p->s->grant_users[index] = (uint32_t)(u - p->s->users);
	u->grant_count++;
}

static void copy_text(char *to, const char *text)
{
	if (text)
		memcpy(to, text, strlen(text) + 1);
}

static void take_account(struct json_reader *r, struct grant *g)
{
	const char *account = json_reader_text(r, "account", 0, NAME_MAX_LEN);

	if (account && account[0] && !name_valid(account))
		json_reader_fail(r, "account", "is no name");
	else
		copy_text(g->account, account);
}

static int parse_grant(struct parse *p, const json_t *object, size_t index)
{
	struct grant *g = &p->s->grants[index];
	struct json_reader r;

	json_reader_init(&r, object);
	copy_text(g->id, take_id(&r, "id", false));
	take_user(p, &r, index);
	g->target_count = take_names(&r, "targets", SNAPSHOT_TARGETS_MAX,
		p->s->names + p->s->name_count);
	take_protocols(&r, &g->protocols);
	take_account(&r, g);
	take_window(&r, g);
	g->revoked = json_reader_bool(&r, "revoked");
	g->approver_count = take_names(
		&r, "approved_by", GRANT_APPROVERS_MAX, g->approvers);
	copy_text(g->ticket, take_id(&r, "ticket", true));
	g->record = take_record(&r);
	g->files = take_files(&r);
	take_sources(&r, g);
	if (finish_object(p, &r, (struct spot){"grants", index}) < 0)
		return -EBADMSG;
	p->s->name_count += g->target_count;
	if (index > 0 && strcmp(g[-1].id, g->id) >= 0)
		return fault_set(p->fault, "order",
			"grants[%zu]: ids are not strictly ascending", index);
	return 0;
}

int parse_grants(struct parse *p, const json_t *grants)
{
	size_t n = json_array_size(grants), at = 0;

	p->s->grants = calloc(n ? n : 1, sizeof(*p->s->grants));
	p->s->grant_users = calloc(n ? n : 1, sizeof(*p->s->grant_users));
	if (!p->s->grants || !p->s->grant_users)
		return fault_errno(p->fault, -ENOMEM, "grants");
	for (size_t i = 0; i < n; i++) {
		int e = grow_names(p);

		if (e == 0)
			e = parse_grant(p, json_array_get(grants, i), i);
		if (e < 0)
			return e;
	}
	p->s->grant_count = n;
	for (size_t i = 0; i < n; i++) {
		p->s->grants[i].targets =
			(const char(*)[NAME_SIZE])(p->s->names + at);
		at += p->s->grants[i].target_count;
	}
	return 0;
}
