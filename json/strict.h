/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON from outside, strictly: one parse that refuses what parsers disagree
 * on, and a reader that takes an object apart member by member, remembers the
 * first thing that was wrong and its name, and knows whether all was taken.
 */
#ifndef JUMP_JSON_STRICT_H
#define JUMP_JSON_STRICT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_STRICT_DEPTH_MAX 16

static inline void cleanup_json(json_t **j)
{
	json_decref(*j);
}
#define _cleanup_json_ __attribute__((cleanup(cleanup_json)))

/*
 * Parses exactly one JSON object out of len bytes. Refused with -EBADMSG:
 * another top than an object, duplicate members, bad UTF-8, NUL (also as
 * \u0000), trailing bytes, nesting deeper than depth_max (at most
 * JSON_STRICT_DEPTH_MAX), more values than values_max, numbers with fraction or exponent. -EMSGSIZE above
 * max_bytes; -ENOMEM. The caller owns *ret_object (json_decref).
 * why (may be NULL, else a buffer of JSON_WHY_SIZE) gets one line for people.
 * Source: RFC 8259, RFC 8725 section 2.4; threat T-JSON.
 */
#define JSON_WHY_SIZE 160
struct json_limits {
	size_t max_bytes;
	unsigned depth_max;
	size_t values_max; /* members' names and values; 0: max_bytes is enough */
};
int json_strict_parse(const void *bytes, size_t len,
	const struct json_limits *limits, json_t **ret_object, char *why);

/*
 * The reader of one object. Everything it returns is borrowed from the
 * object. After the first failure it stays failed: `field` names the member,
 * `why` says what is wrong, and all further calls return NULL, 0 or false;
 * so a parser may check once, at its end, with json_reader_done().
 */
#define JSON_FIELD_SIZE	 64
#define JSON_MEMBERS_MAX 24 /* of one object; more make the reader fail */
struct json_reader {
	const json_t *object;
	size_t taken; /* members that were asked for and were there */
	const char *names[JSON_MEMBERS_MAX]; /* theirs, borrowed: literals */
	bool failed;
	char field[JSON_FIELD_SIZE];
	const char *why; /* static text */
};

/* `field` arguments are borrowed until the reader is done with. Asking twice
 * for a member is a mistake of the caller's that makes done() fail. */
/* A value that is no object makes the reader fail at once. */
void json_reader_init(struct json_reader *r, const json_t *object);

/* Marks it as failed for a reason of the caller; the first one stays. */
void json_reader_fail(
	struct json_reader *r, const char *field, const char *why);

/* Strings: bytes are counted without the NUL; NULL once failed. The _opt
 * forms return NULL without failing when the member is not there. */
const char *json_reader_text(
	struct json_reader *r, const char *field, size_t min, size_t max);
const char *json_reader_text_opt(
	struct json_reader *r, const char *field, size_t min, size_t max);

/* Whole numbers in min..max; min once failed resp. fallback when missing. */
int64_t json_reader_int(
	struct json_reader *r, const char *field, int64_t min, int64_t max);
int64_t json_reader_int_opt(struct json_reader *r, const char *field,
	int64_t min, int64_t max, int64_t fallback);

bool json_reader_bool(struct json_reader *r, const char *field);
bool json_reader_bool_opt(
	struct json_reader *r, const char *field, bool fallback);

/* Arrays of at most max elements, objects; NULL once failed / missing. */
const json_t *json_reader_array(
	struct json_reader *r, const char *field, size_t min, size_t max);
const json_t *json_reader_array_opt(
	struct json_reader *r, const char *field, size_t min, size_t max);
const json_t *json_reader_object(struct json_reader *r, const char *field);
const json_t *json_reader_object_opt(struct json_reader *r, const char *field);

/* The string at an index of an array that came from this reader. */
const char *json_reader_element(struct json_reader *r, const char *field,
	const json_t *array, size_t index, size_t min, size_t max);

/* Takes a member that the caller has no use for, when it is there. A name
 * that was already asked for is let be. */
void json_reader_ignore(struct json_reader *r, const char *field);

/*
 * True when nothing failed and every member of the object was asked for: an
 * unknown member makes the reader fail with its name.
 */
bool json_reader_done(struct json_reader *r);

/* True when nothing failed; members never asked for are let be. */
bool json_reader_ok(const struct json_reader *r);

#endif
