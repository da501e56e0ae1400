/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths by their letters: no folder is looked into here. */
#include "sftp/place.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

/* Takes the next part of a path; false at its end. */
static bool next_part(struct bytes *path, struct bytes *ret_part)
{
	while (path->len && *path->data == '/') {
		path->data++;
		path->len--;
	}
	if (!path->len)
		return false;
	ret_part->data = path->data;
	while (path->len && *path->data != '/') {
		path->data++;
		path->len--;
	}
	ret_part->len = (size_t)(path->data - ret_part->data);
	return true;
}

static bool is_dot(struct bytes part)
{
	return bytes_are(part, ".");
}

static bool is_dots(struct bytes part)
{
	return bytes_are(part, "..");
}

/*
 * Appends the parts of `path` to the absolute path in `at` (its length in
 * *len, "" for the root), taking "." and ".." by their letters. A ".." at
 * the root stays there, and *ret_above says so.
 */
static int walk(char *at, size_t *len, size_t size, struct bytes path,
	bool *ret_above)
{
	struct bytes part;

	while (next_part(&path, &part)) {
		if (is_dot(part))
			continue;
		if (is_dots(part)) {
			*ret_above = *ret_above || *len == 0;
			while (*len && at[--*len] != '/')
				;
			continue;
		}
		if (part.len + 1 >= size - *len)
			return -ENAMETOOLONG;
		at[(*len)++] = '/';
		memcpy(at + *len, part.data, part.len);
		*len += part.len;
	}
	at[*len] = 0;
	return 0;
}

static int split(const char *whole, struct place *ret_place)
{
	const char *rest;
	size_t len;

	memset(ret_place->target, 0, sizeof(ret_place->target));
	if (!whole[0]) {
		memcpy(ret_place->inner, "/", 2);
		return 0;
	}
	rest = strchr(whole + 1, '/');
	len = rest ? (size_t)(rest - whole - 1) : strlen(whole + 1);
	if (len >= sizeof(ret_place->target))
		return -ENOENT;
	memcpy(ret_place->target, whole + 1, len);
	if (!name_valid(ret_place->target))
		return -ENOENT;
	if (!rest)
		rest = "/";
	if (strlen(rest) >= sizeof(ret_place->inner))
		return -ENAMETOOLONG;
	memcpy(ret_place->inner, rest, strlen(rest) + 1);
	return 0;
}

int place_parse(struct bytes path, struct place *ret_place)
{
	char whole[PLACE_SHOWN_SIZE];
	bool above = false;
	size_t len = 0;
	int r;

	if (path.len && memchr(path.data, 0, path.len))
		return -EINVAL;
	r = walk(whole, &len, sizeof(whole), path, &above);
	return r < 0 ? r : split(whole, ret_place);
}

bool place_is_file(const struct place *p)
{
	return p->target[0] && p->inner[1];
}

/* The folder that a link lies in, without a slash at its end. */
static size_t folder_of(const struct place *link, char *ret_folder)
{
	size_t len = (size_t)(strrchr(link->inner, '/') - link->inner);

	memcpy(ret_folder, link->inner, len);
	ret_folder[len] = 0;
	return len;
}

static int link_within(const struct place *link, struct bytes content)
{
	char folder[CONTROL_NAME_SIZE];
	size_t len = folder_of(link, folder);
	bool above = false;
	int r = walk(folder, &len, sizeof(folder), content, &above);

	return r < 0 ? r : above ? -EXDEV : 0;
}

int place_link_in(const struct place *link, struct bytes content,
	char ret_content[CONTROL_NAME_SIZE])
{
	struct place to;
	int r;

	if (!content.len)
		return -ENOENT;
	if (memchr(content.data, 0, content.len))
		return -EINVAL;
	if (content.data[0] == '/') {
		r = place_parse(content, &to);
		if (r == -ENOENT ||
			(r == 0 && strcmp(to.target, link->target) != 0))
			return -EXDEV;
		if (r == 0)
			memcpy(ret_content, to.inner, sizeof(to.inner));
		return r;
	}
	if (content.len >= CONTROL_NAME_SIZE)
		return -ENAMETOOLONG;
	r = link_within(link, content);
	if (r < 0)
		return r;
	memcpy(ret_content, content.data, content.len);
	ret_content[content.len] = 0;
	return 0;
}

/* U+0080 to U+009F: a terminal that reads UTF-8 may obey these as well. */
static bool is_c1(const uint8_t *at, size_t left)
{
	return left > 1 && at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0;
}

bool place_unprintable(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (data[i] < 0x20 || data[i] == 0x7f ||
			is_c1(data + i, len - i))
			return true;
	return false;
}

void place_clean(const uint8_t *data, size_t len, void *ret_text)
{
	uint8_t *to = ret_text;

	for (size_t i = 0; i < len; i++) {
		bool bad = place_unprintable(data + i, 1) ||
			is_c1(data + i, len - i) ||
			(i > 0 && is_c1(data + i - 1, 2));

		to[i] = bad ? '?' : data[i];
	}
}

int place_shown(const char *target, const struct place *link,
	struct bytes path, char ret_path[PLACE_SHOWN_SIZE])
{
	char inner[CONTROL_NAME_SIZE] = "";
	bool above = false;
	size_t len = 0;

	if (!path.len || path.len >= CONTROL_NAME_SIZE ||
		place_unprintable(path.data, path.len))
		return -EBADMSG;
	if (path.data[0] != '/') {
		if (!link)
			return -EBADMSG;
		if (link_within(link, path) == 0) {
			memcpy(ret_path, path.data, path.len);
			ret_path[path.len] = 0;
			return 0;
		}
		len = folder_of(link, inner);
	}
	if (walk(inner, &len, sizeof(inner), path, &above) < 0)
		return -EBADMSG;
	snprintf(ret_path, PLACE_SHOWN_SIZE, "/%s%s", target, inner);
	return 0;
}

const char *place_last(const char *inner)
{
	return strrchr(inner, '/') + 1;
}

bool place_matches(const struct file_terms *terms, const char *inner)
{
	const char *last = place_last(inner);

	for (size_t i = 0; i < terms->pattern_count; i++)
		if (fnmatch(terms->patterns[i], last, 0) == 0)
			return true;
	return terms->pattern_count == 0;
}
