/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files that read a payload share. Nothing else includes it.
 */
#ifndef JUMP_GRANTS_SNAPSHOT_PARSE_H
#define JUMP_GRANTS_SNAPSHOT_PARSE_H

#include "grants/snapshot.h"
#include "json/strict.h"

#define SNAPSHOT_EXT_MAX 16
#define TIME_FIRST_SEC	 INT64_C(946684800)  /* 2000-01-01T00:00:00Z */
#define TIME_LAST_SEC	 INT64_C(7258118399) /* 2199-12-31T23:59:59Z */

struct parse {
	struct snapshot *s;
	struct fault *fault;
	size_t ext_count;
	const char *ext[SNAPSHOT_EXT_MAX];
	size_t name_room; /* of s->names */
};

/* Which object a complaint is about: "grants" and its index, or NULL. */
struct spot {
	const char *list;
	size_t index;
};

/* Names, ids and times as members; NULL resp. 0 once failed. */
const char *take_name(struct json_reader *r, const char *field);
const char *take_id(
	struct json_reader *r, const char *field, bool may_be_empty);
int64_t take_time(struct json_reader *r, const char *field);

/* Ends an object: 0 when all of it was taken, but for members named in ext;
 * else -EBADMSG and the fault. */
int finish_object(struct parse *p, struct json_reader *r, struct spot spot);

int parse_users(struct parse *p, const json_t *users);
int parse_grants(struct parse *p, const json_t *grants);

#endif
