/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Takes the name and the number of each line; a line of an odd form still
 * blocks its name. Read from the files and not through libc, because libc
 * would answer with our own users too.
 */
#include "grants/locals.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/number.h"
#include "base/trusted.h"

#define FILE_MAX_BYTES ((size_t)16 << 20)
#define ID_TEXT_SIZE   11

/* The field of a line that has this number, from 0; false when it lacks. */
static bool line_field(const char *line, size_t len, int number,
	const char **ret, size_t *ret_len)
{
	const char *end = line + len, *colon;

	for (; number > 0; number--) {
		colon = memchr(line, ':', (size_t)(end - line));
		if (!colon)
			return false;
		line = colon + 1;
	}
	colon = memchr(line, ':', (size_t)(end - line));
	*ret = line;
	*ret_len = (size_t)((colon ? colon : end) - line);
	return true;
}

static void take_line(struct locals *l, const char *line, size_t len)
{
	char id[ID_TEXT_SIZE] = "";
	const char *text;
	uint64_t number;
	size_t text_len;

	if (line_field(line, len, 0, &text, &text_len) && text_len > 0 &&
		text_len < NAME_SIZE) {
		char *name = l->names[l->name_count++];

		memcpy(name, text, text_len);
		memset(name + text_len, 0, NAME_SIZE - text_len);
	}
	if (!line_field(line, len, 2, &text, &text_len) ||
		text_len >= sizeof(id))
		return;
	memcpy(id, text, text_len);
	if (number_parse(id, 0, UINT32_MAX, &number) == 0)
		l->ids[l->id_count++] = (uint32_t)number;
}

static int add_file(struct locals *l, const char *path, uid_t owner)
{
	_cleanup_free_ char *bytes = NULL;
	size_t len, lines = 1;
	char(*names)[NAME_SIZE];
	uint32_t *ids;
	int e = trusted_read(
		AT_FDCWD, path, owner, FILE_MAX_BYTES, &bytes, &len);

	if (e < 0)
		return e;
	for (size_t i = 0; i < len; i++)
		lines += bytes[i] == '\n';
	names = reallocarray(l->names, l->name_count + lines, sizeof(*names));
	if (names)
		l->names = names;
	ids = reallocarray(l->ids, l->id_count + lines, sizeof(*ids));
	if (ids)
		l->ids = ids;
	if (!names || !ids)
		return -ENOMEM;
	for (const char *at = bytes, *end = bytes + len; at < end;) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t line_len = (size_t)((stop ? stop : end) - at);

		take_line(l, at, line_len);
		at += line_len + 1;
	}
	return 0;
}

static int compare_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int compare_id(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

int locals_load(const char *passwd_path, const char *group_path, uid_t owner,
	struct locals *ret_locals)
{
	_cleanup_locals_ struct locals l = {0};
	int e = add_file(&l, passwd_path, owner);

	if (e == 0)
		e = add_file(&l, group_path, owner);
	if (e < 0)
		return e;
	qsort(l.names, l.name_count, sizeof(*l.names), compare_name);
	qsort(l.ids, l.id_count, sizeof(*l.ids), compare_id);
	*ret_locals = l;
	memset(&l, 0, sizeof(l));
	return 0;
}

void locals_done(struct locals *l)
{
	free(l->names);
	free(l->ids);
	memset(l, 0, sizeof(*l));
}

bool locals_has_name(const struct locals *l, const char *name)
{
	return l->name_count > 0 && bsearch(name, l->names, l->name_count,
					    sizeof(*l->names), compare_name);
}

bool locals_has_id(const struct locals *l, uint32_t id)
{
	return l->id_count > 0 &&
	       bsearch(&id, l->ids, l->id_count, sizeof(*l->ids), compare_id);
}
