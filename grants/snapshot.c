/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The top of a payload, and when a snapshot may be accepted. Users and grants
 * are read in files of their own.
 */
#include "grants/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "grants/jws.h"
#include "grants/snapshot_parse.h"

#define DEPTH_MAX  8
#define VALUES_MAX 8000000
#define NUMBER_MAX ((INT64_C(1) << 53) - 1)

const char *take_name(struct json_reader *r, const char *field)
{
	const char *text = json_reader_text(r, field, 1, NAME_MAX_LEN);

	if (text && !name_valid(text))
		json_reader_fail(r, field, "is no name");
	return r->failed ? NULL : text;
}

const char *take_id(struct json_reader *r, const char *field, bool may_be_empty)
{
	const char *text =
		json_reader_text(r, field, may_be_empty ? 0 : 1, ID_SIZE - 1);

	if (text && !id_valid(text) && !(may_be_empty && text[0] == '\0'))
		json_reader_fail(r, field, "is no id");
	return r->failed ? NULL : text;
}

int64_t take_time(struct json_reader *r, const char *field)
{
	return json_reader_int(r, field, TIME_FIRST_SEC, TIME_LAST_SEC);
}

/* A member that is missing or too many, or one with a wrong value? */
static const char *word_of(const struct json_reader *r)
{
	bool member = strcmp(r->why, "is missing") == 0 ||
		      strcmp(r->why, "is not known here") == 0;

	return member ? "member" : "value";
}

int finish_object(struct parse *p, struct json_reader *r, struct spot spot)
{
	for (size_t i = 0; i < p->ext_count && json_reader_ok(r); i++)
		json_reader_ignore(r, p->ext[i]);
	if (json_reader_done(r))
		return 0;
	if (!spot.list)
		return fault_set(
			p->fault, word_of(r), "\"%s\" %s", r->field, r->why);
	return fault_set(p->fault, word_of(r), "%s[%zu]: \"%s\" %s", spot.list,
		spot.index, r->field, r->why);
}

static void take_ext(struct parse *p, struct json_reader *r)
{
	const json_t *ext =
		json_reader_array_opt(r, "ext", 0, SNAPSHOT_EXT_MAX);

	for (size_t i = 0; ext && i < json_array_size(ext); i++)
		p->ext[i] = json_reader_element(r, "ext", ext, i, 1, 64);
	if (ext && json_reader_ok(r))
		p->ext_count = json_array_size(ext);
}

static void check_life(struct json_reader *r, const struct snapshot *s)
{
	if (s->exp <= s->iat)
		json_reader_fail(r, "exp", "is not later than iat");
	else if (s->exp - s->iat > SNAPSHOT_LIFE_MAX)
		json_reader_fail(r, "exp", "is more than 31 days after iat");
}

static void keep_name(char to[NAME_SIZE], const char *name)
{
	if (name)
		memcpy(to, name, strlen(name) + 1);
}

static int parse_top(struct parse *p)
{
	struct snapshot *s = p->s;
	const json_t *users, *grants;
	struct json_reader r;
	int e;

	json_reader_init(&r, s->json);
	(void)json_reader_int(&r, "v", SNAPSHOT_VERSION, SNAPSHOT_VERSION);
	keep_name(s->iss, take_name(&r, "iss"));
	keep_name(s->aud, take_name(&r, "aud"));
	s->iat = take_time(&r, "iat");
	s->exp = take_time(&r, "exp");
	check_life(&r, s);
	s->serial = (uint64_t)json_reader_int(&r, "serial", 1, NUMBER_MAX);
	take_ext(p, &r);
	users = json_reader_array(&r, "users", 0, SNAPSHOT_USERS_MAX);
	grants = json_reader_array(&r, "grants", 0, SNAPSHOT_GRANTS_MAX);
	e = finish_object(p, &r, (struct spot){0});
	if (e == 0)
		e = parse_users(p, users);
	if (e == 0)
		e = parse_grants(p, grants);
	return e;
}

int snapshot_parse(const char *json, size_t len, struct snapshot *ret_snapshot,
	struct fault *ret_fault)
{
	static const struct json_limits limits = {.max_bytes = JWS_PAYLOAD_MAX,
		.depth_max = DEPTH_MAX,
		.values_max = VALUES_MAX};
	_cleanup_snapshot_ struct snapshot s = {0};
	struct parse p = {.s = &s, .fault = ret_fault};
	char why[JSON_WHY_SIZE];
	int e = json_strict_parse(json, len, &limits, &s.json, why);

	if (e == -ENOMEM)
		return fault_errno(ret_fault, e, "payload");
	if (e < 0)
		return fault_set(ret_fault, "json", "%s", why);
	e = parse_top(&p);
	if (e < 0)
		return e;
	*ret_snapshot = s;
	memset(&s, 0, sizeof(s));
	return 0;
}

void snapshot_done(struct snapshot *s)
{
	free(s->users);
	free(s->grants);
	free(s->grant_users);
	free(s->names);
	json_decref(s->json);
	memset(s, 0, sizeof(*s));
}

int snapshot_check(const struct snapshot *s, const char *bastion_id,
	uint64_t last_serial, int64_t now, struct fault *ret_fault)
{
	if (strcmp(s->aud, bastion_id) != 0)
		return fault_set(ret_fault, "audience",
			"it is for %s, this is %s", s->aud, bastion_id);
	if (s->serial < last_serial)
		return fault_set(ret_fault, "serial",
			"serial %llu is older than the accepted %llu",
			(unsigned long long)s->serial,
			(unsigned long long)last_serial);
	if (now < s->iat - SNAPSHOT_AHEAD_MAX)
		return fault_set(ret_fault, "future",
			"it was signed more than %d s after now",
			SNAPSHOT_AHEAD_MAX);
	if (s->exp <= now)
		return fault_set(ret_fault, "stale", "it ended %lld s ago",
			(long long)(now - s->exp));
	return 0;
}
