/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A policy of several files in one text, for tests and fuzzers: a line
 * "=== NAME" begins the file NAME; what stands before the first is jump.conf.
 */
#ifndef JUMP_TESTS_POLICY_CASE_H
#define JUMP_TESTS_POLICY_CASE_H

#include <stdio.h>
#include <string.h>

#include "policy/policy.h"

#define CASE_FILES_MAX 8
#define CASE_NAME      "abcdefghijklmnopqrstuvwxyz0123456789./-"

struct policy_case {
	size_t count;
	struct policy_text text[CASE_FILES_MAX];
	char name[CASE_FILES_MAX][ORIGIN_FILE_SIZE];
};

static inline void policy_case_add(struct policy_case *c, const char *name,
	size_t name_len, const char *bytes)
{
	struct policy_text *t = &c->text[c->count];

	if (name_len >= ORIGIN_FILE_SIZE)
		name_len = ORIGIN_FILE_SIZE - 1;
	memcpy(c->name[c->count], name, name_len);
	c->name[c->count][name_len] = '\0';
	/* The loader gives no others. */
	if (name_len == 0 || strspn(c->name[c->count], CASE_NAME) != name_len)
		memcpy(c->name[c->count], "odd", sizeof("odd"));
	*t = (struct policy_text){.file = c->name[c->count], .bytes = bytes};
	c->count++;
}

static inline void policy_case_split(
	const char *data, size_t size, struct policy_case *ret)
{
	const char *at = data, *end = data + size;

	ret->count = 0;
	policy_case_add(ret, "jump.conf", strlen("jump.conf"), data);
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		const char *next = stop ? stop + 1 : end;
		size_t len = (size_t)(next - at);

		if (stop && len > 5 && memcmp(at, "=== ", 4) == 0 &&
			ret->count < CASE_FILES_MAX) {
			struct policy_text *last = &ret->text[ret->count - 1];

			last->len = (size_t)(at - last->bytes);
			/* An empty beginning is no file. */
			if (ret->count == 1 && last->len == 0)
				ret->count = 0;
			policy_case_add(ret, at + 4, len - 5, next);
		}
		at = next;
	}
	ret->text[ret->count - 1].len =
		(size_t)(end - ret->text[ret->count - 1].bytes);
}

#endif
