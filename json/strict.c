/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parse: depth and number form are looked at before jansson sees the
 * bytes, because its own limit (2048 levels) is recursion on our stack and
 * because it would quietly turn 1e3 into a double.
 */
#include "json/strict.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct scan {
	const char *at, *end;
	unsigned depth, depth_max;
	size_t values, values_max;
};

/*
 * Steps over a string, whose first quote was taken; false at the end. A quote
 * ends it when an even number of backslashes stands before.
 */
static bool skip_string(struct scan *s)
{
	const char *first = s->at;

	while (s->at < s->end) {
		const char *quote =
			memchr(s->at, '"', (size_t)(s->end - s->at));
		const char *c = quote;

		if (!quote)
			return false;
		while (c > first && c[-1] == '\\')
			c--;
		s->at = quote + 1;
		if ((quote - c) % 2 == 0)
			return true;
	}
	return false;
}

/* "-0" is refused too: it is not one number to everybody. */
static bool skip_number(struct scan *s)
{
	const char *first = s->at - 1;

	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	if (s->at < s->end &&
		(*s->at == '.' || *s->at == 'e' || *s->at == 'E' ||
			*s->at == '+' || *s->at == '-'))
		return false;
	return !(s->at - first == 2 && first[0] == '-' && first[1] == '0');
}

/*
 * What comes after an opener, a comma or a colon is a value (or a member's
 * name): their number bounds what the parser will allocate.
 */
static bool too_many(struct scan *s)
{
	return s->values_max > 0 && ++s->values > s->values_max;
}

static const char *scan_shape(struct scan *s)
{
	while (s->at < s->end) {
		char c = *s->at++;

		if (c == '{' || c == '[') {
			if (++s->depth > s->depth_max)
				return "nested too deeply";
			if (too_many(s))
				return "too many values";
		} else if (c == ',' || c == ':') {
			if (too_many(s))
				return "too many values";
		} else if (c == '}' || c == ']') {
			if (s->depth-- == 0)
				return "closes more than it opens";
		} else if (c == '"') {
			if (!skip_string(s))
				return "a string does not end";
		} else if (c == '-' || (c >= '0' && c <= '9')) {
			if (!skip_number(s))
				return "numbers are whole here";
		}
	}
	return NULL;
}

static void say(char *why, const char *text, int line)
{
	if (why && line > 0)
		snprintf(why, JSON_WHY_SIZE, "line %d: %.120s", line, text);
	else if (why)
		snprintf(why, JSON_WHY_SIZE, "%.120s", text);
}

int json_strict_parse(const void *bytes, size_t len,
	const struct json_limits *limits, json_t **ret_object, char *why)
{
	struct scan s = {.at = bytes, .end = (const char *)bytes + len};
	json_error_t error = {.line = -1};
	const char *shape;
	json_t *parsed;

	if (len > limits->max_bytes) {
		say(why, "too long", 0);
		return -EMSGSIZE;
	}
	s.depth_max = limits->depth_max < JSON_STRICT_DEPTH_MAX
			      ? limits->depth_max
			      : JSON_STRICT_DEPTH_MAX;
	s.values_max = limits->values_max;
	shape = scan_shape(&s);
	if (shape) {
		say(why, shape, 0);
		return -EBADMSG;
	}
	parsed = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &error);
	if (!parsed) {
		say(why, error.text, error.line);
		return json_error_code(&error) == json_error_out_of_memory
			       ? -ENOMEM
			       : -EBADMSG;
	}
	if (!json_is_object(parsed)) {
		json_decref(parsed);
		say(why, "an object was expected", 0);
		return -EBADMSG;
	}
	*ret_object = parsed;
	return 0;
}
