/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader of one object: asks for members by name, type and bounds, keeps
 * the first complaint, and counts what was taken, so that a member nobody
 * asked for is found in one comparison.
 */
#include <stdio.h>
#include <string.h>

#include "json/strict.h"

static const char wrong_type[] = "is of the wrong type";
static const char missing[] = "is missing";

void json_reader_fail(struct json_reader *r, const char *field, const char *why)
{
	if (r->failed)
		return;
	r->failed = true;
	r->why = why;
	snprintf(r->field, sizeof(r->field), "%s", field);
}

void json_reader_init(struct json_reader *r, const json_t *object)
{
	r->object = object;
	r->taken = 0;
	r->failed = false;
	r->field[0] = '\0';
	r->why = NULL;
	if (!json_is_object(object))
		json_reader_fail(r, "", "is no object");
}

static const json_t *take(
	struct json_reader *r, const char *field, bool required)
{
	const json_t *value;

	if (r->failed)
		return NULL;
	value = json_object_get(r->object, field);
	if (!value) {
		if (required)
			json_reader_fail(r, field, missing);
		return NULL;
	}
	if (r->taken == JSON_MEMBERS_MAX) {
		json_reader_fail(r, field, "is one member too many");
		return NULL;
	}
	r->names[r->taken++] = field;
	return value;
}

static const char *bounded(struct json_reader *r, const char *field,
	const json_t *value, size_t min, size_t max)
{
	if (!json_is_string(value))
		json_reader_fail(r, field, wrong_type);
	else if (json_string_length(value) < min)
		json_reader_fail(r, field, "is too short");
	else if (json_string_length(value) > max)
		json_reader_fail(r, field, "is too long");
	else
		return json_string_value(value);
	return NULL;
}

const char *json_reader_text(
	struct json_reader *r, const char *field, size_t min, size_t max)
{
	const json_t *value = take(r, field, true);

	return value ? bounded(r, field, value, min, max) : NULL;
}

const char *json_reader_text_opt(
	struct json_reader *r, const char *field, size_t min, size_t max)
{
	const json_t *value = take(r, field, false);

	return value ? bounded(r, field, value, min, max) : NULL;
}

static int64_t in_range(struct json_reader *r, const char *field,
	const json_t *value, int64_t min, int64_t max)
{
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value))
		json_reader_fail(r, field, wrong_type);
	else if (number < min || number > max)
		json_reader_fail(r, field, "is out of range");
	else
		return number;
	return min;
}

int64_t json_reader_int(
	struct json_reader *r, const char *field, int64_t min, int64_t max)
{
	const json_t *value = take(r, field, true);

	return value ? in_range(r, field, value, min, max) : min;
}

int64_t json_reader_int_opt(struct json_reader *r, const char *field,
	int64_t min, int64_t max, int64_t fallback)
{
	const json_t *value = take(r, field, false);

	return value ? in_range(r, field, value, min, max) : fallback;
}

bool json_reader_bool(struct json_reader *r, const char *field)
{
	const json_t *value = take(r, field, true);

	if (value && !json_is_boolean(value))
		json_reader_fail(r, field, wrong_type);
	return json_is_true(value);
}

bool json_reader_bool_opt(
	struct json_reader *r, const char *field, bool fallback)
{
	const json_t *value = take(r, field, false);

	if (!value)
		return r->failed ? false : fallback;
	if (!json_is_boolean(value))
		json_reader_fail(r, field, wrong_type);
	return json_is_true(value);
}

static const json_t *sized(struct json_reader *r, const char *field,
	const json_t *value, size_t min, size_t max)
{
	if (!value)
		return NULL;
	if (!json_is_array(value))
		json_reader_fail(r, field, wrong_type);
	else if (json_array_size(value) < min)
		json_reader_fail(r, field, "has too few elements");
	else if (json_array_size(value) > max)
		json_reader_fail(r, field, "has too many elements");
	else
		return value;
	return NULL;
}

const json_t *json_reader_array(
	struct json_reader *r, const char *field, size_t min, size_t max)
{
	return sized(r, field, take(r, field, true), min, max);
}

const json_t *json_reader_array_opt(
	struct json_reader *r, const char *field, size_t min, size_t max)
{
	return sized(r, field, take(r, field, false), min, max);
}

static const json_t *an_object(
	struct json_reader *r, const char *field, const json_t *value)
{
	if (!value || json_is_object(value))
		return value;
	json_reader_fail(r, field, wrong_type);
	return NULL;
}

const json_t *json_reader_object(struct json_reader *r, const char *field)
{
	return an_object(r, field, take(r, field, true));
}

const json_t *json_reader_object_opt(struct json_reader *r, const char *field)
{
	return an_object(r, field, take(r, field, false));
}

const char *json_reader_element(struct json_reader *r, const char *field,
	const json_t *array, size_t index, size_t min, size_t max)
{
	if (r->failed)
		return NULL;
	return bounded(r, field, json_array_get(array, index), min, max);
}

bool json_reader_ok(const struct json_reader *r)
{
	return !r->failed;
}

static bool was_taken(const struct json_reader *r, const char *name)
{
	for (size_t i = 0; i < r->taken; i++)
		if (strcmp(r->names[i], name) == 0)
			return true;
	return false;
}

void json_reader_ignore(struct json_reader *r, const char *field)
{
	if (!was_taken(r, field))
		(void)take(r, field, false);
}

static const char *first_untaken(const struct json_reader *r)
{
	json_t *object = (json_t *)r->object; /* jansson iterates no const */

	for (void *i = json_object_iter(object); i;
		i = json_object_iter_next(object, i))
		if (!was_taken(r, json_object_iter_key(i)))
			return json_object_iter_key(i);
	return "";
}

bool json_reader_done(struct json_reader *r)
{
	if (!r->failed && r->taken != json_object_size(r->object))
		json_reader_fail(r, first_untaken(r), "is not known here");
	return !r->failed;
}
