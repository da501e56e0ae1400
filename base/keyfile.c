/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/keyfile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/number.h"
#include "base/trusted.h"

#define KEY_MAX_LEN 32

void keyfile_done(struct keyfile *k)
{
	if (k->bytes)
		explicit_bzero(k->bytes, k->size);
	free(k->bytes);
	memset(k, 0, sizeof(*k));
}

static bool key_valid(const char *key, size_t len)
{
	if (len == 0 || len > KEY_MAX_LEN || key[0] < 'a' || key[0] > 'z')
		return false;
	for (size_t i = 1; i < len; i++) {
		char c = key[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			    c == '_'))
			return false;
	}
	return true;
}

static bool value_valid(const char *value, size_t len)
{
	if (len >= KEYFILE_VALUE_SIZE)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (value[i] < 0x20 || value[i] > 0x7e)
			return false;
	}
	return true;
}

/* One "key=value" line, cut into two strings within the owned bytes. */
static int take_line(struct keyfile *k, char *line, size_t len)
{
	char *equals = memchr(line, '=', len);
	size_t key_len;

	if (!equals || k->count == KEYFILE_MAX_ENTRIES)
		return -EBADMSG;
	key_len = (size_t)(equals - line);
	if (!key_valid(line, key_len) ||
		!value_valid(equals + 1, len - key_len - 1))
		return -EBADMSG;
	*equals = '\0';
	line[len] = '\0';
	if (keyfile_text(k, line))
		return -EBADMSG;
	k->entry[k->count].key = line;
	k->entry[k->count].value = equals + 1;
	k->count++;
	return 0;
}

static int take_lines(struct keyfile *k, size_t len)
{
	struct cursor c;

	cursor_init(&c, k->bytes, len);
	while (cursor_left(&c) > 0) {
		size_t line_len;
		const char *line =
			cursor_until(&c, '\n', KEYFILE_MAX_BYTES, &line_len);
		int r;

		if (!line)
			return -EBADMSG;
		r = take_line(k, k->bytes + (line - k->bytes), line_len);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Takes over `bytes` in any case. */
static int parse_owned(char *bytes, size_t len, struct keyfile *ret)
{
	_cleanup_keyfile_ struct keyfile k = {.bytes = bytes, .size = len};
	int r = take_lines(&k, len);

	if (r < 0)
		return r;
	*ret = k;
	memset(&k, 0, sizeof(k));
	return 0;
}

int keyfile_parse(const char *text, size_t len, struct keyfile *ret)
{
	char *copy;

	if (len > KEYFILE_MAX_BYTES)
		return -EFBIG;
	copy = malloc(len + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return parse_owned(copy, len, ret);
}

int keyfile_read(int dirfd, const char *path, uid_t owner, struct keyfile *ret)
{
	char *bytes;
	size_t len;
	int r = trusted_read(
		dirfd, path, owner, KEYFILE_MAX_BYTES, &bytes, &len);

	return r < 0 ? r : parse_owned(bytes, len, ret);
}

const char *keyfile_text(const struct keyfile *k, const char *key)
{
	for (size_t i = 0; i < k->count; i++) {
		if (strcmp(k->entry[i].key, key) == 0)
			return k->entry[i].value;
	}
	return NULL;
}

int keyfile_number(
	const struct keyfile *k, const char *key, uint64_t *ret_value)
{
	const char *text = keyfile_text(k, key);

	if (!text)
		return -ENOENT;
	return number_parse(text, 0, UINT64_MAX, ret_value);
}

void keyfile_add(struct keyfile_writer *w, const char *key, const char *value)
{
	size_t room = sizeof(w->bytes) - w->len;
	int n;

	if (w->error)
		return;
	if (!key_valid(key, strlen(key)) ||
		!value_valid(value, strlen(value))) {
		w->error = -EINVAL;
		return;
	}
	n = snprintf(w->bytes + w->len, room, "%s=%s\n", key, value);
	if (n < 0 || (size_t)n >= room) {
		w->error = -EFBIG;
		return;
	}
	w->len += (size_t)n;
}

void keyfile_add_number(
	struct keyfile_writer *w, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	keyfile_add(w, key, text);
}

int keyfile_writer_replace(
	const struct keyfile_writer *w, int dirfd, const struct fd_replace *how)
{
	if (w->error)
		return w->error;
	return fd_replace_file(dirfd, how, w->bytes, w->len);
}
