/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bounded reader of TZif files (RFC 9636), version 2 and later. The first
 * block (32-bit times) is stepped over; the second one and the rule behind it
 * are what counts.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/fd.h"
#include "base/zoneinfo.h"
#include "base/zonerule.h"

#define RULE_MAX_BYTES 64

struct tzif_header {
	uint8_t version;
	uint32_t isut_count, isstd_count, leap_count;
	uint32_t time_count, kind_count, char_count;
};

static uint32_t take_be32(struct cursor *c)
{
	const uint8_t *b = cursor_bytes(c, 4);

	if (!b)
		return 0;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	       (uint32_t)b[2] << 8 | b[3];
}

static int64_t take_be64(struct cursor *c)
{
	uint64_t high = take_be32(c);
	uint64_t low = take_be32(c);

	return (int64_t)(high << 32 | low);
}

static bool name_byte(char b)
{
	return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') ||
	       (b >= '0' && b <= '9') || b == '_' || b == '+' || b == '-';
}

bool zoneinfo_name_valid(const char *name)
{
	size_t len = name ? strnlen(name, ZONEINFO_NAME_SIZE) : 0;
	bool part_begins = true;

	if (len == 0 || len >= ZONEINFO_NAME_SIZE)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (name[i] == '/' && part_begins)
			return false;
		if (name[i] != '/' && !name_byte(name[i]))
			return false;
		part_begins = name[i] == '/';
	}
	return !part_begins;
}

static int take_header(struct cursor *c, struct tzif_header *ret)
{
	const uint8_t *magic = cursor_bytes(c, 4);

	if (!magic || memcmp(magic, "TZif", 4) != 0)
		return -EBADMSG;
	ret->version = cursor_u8(c);
	(void)cursor_bytes(c, 15);
	ret->isut_count = take_be32(c);
	ret->isstd_count = take_be32(c);
	ret->leap_count = take_be32(c);
	ret->time_count = take_be32(c);
	ret->kind_count = take_be32(c);
	ret->char_count = take_be32(c);
	if (c->failed || ret->version < '2' ||
		ret->time_count > ZONEINFO_TIMES_MAX || ret->kind_count == 0 ||
		ret->kind_count > ZONEINFO_KINDS_MAX ||
		ret->char_count > ZONEINFO_FILE_BYTES ||
		ret->isut_count > ret->kind_count ||
		ret->isstd_count > ret->kind_count)
		return -EBADMSG;
	/* leap seconds ("right/...") would make local time of UTC a lie */
	return ret->leap_count != 0 ? -EBADMSG : 0;
}

static int take_kinds(
	struct cursor *c, const struct tzif_header *h, struct zoneinfo *zone)
{
	for (size_t i = 0; i < h->kind_count; i++) {
		zone->offsets[i] = (int32_t)take_be32(c);
		(void)cursor_bytes(c, 2);
		if (zone->offsets[i] < -26 * 3600 ||
			zone->offsets[i] > 26 * 3600)
			return -EBADMSG;
	}
	(void)cursor_bytes(c, h->char_count + h->isstd_count + h->isut_count);
	return c->failed ? -EBADMSG : 0;
}

static int take_block(
	struct cursor *c, const struct tzif_header *h, struct zoneinfo *zone)
{
	const uint8_t *kinds;

	for (size_t i = 0; i < h->time_count; i++) {
		zone->times[i] = take_be64(c);
		if (i > 0 && zone->times[i] <= zone->times[i - 1])
			return -EBADMSG;
	}
	kinds = cursor_bytes(c, h->time_count);
	if (!kinds)
		return -EBADMSG;
	for (size_t i = 0; i < h->time_count; i++) {
		if (kinds[i] >= h->kind_count)
			return -EBADMSG;
		zone->kinds[i] = kinds[i];
	}
	zone->time_count = h->time_count;
	zone->kind_count = h->kind_count;
	return take_kinds(c, h, zone);
}

static int take_rule(struct cursor *c, struct zoneinfo *zone)
{
	const char *text;
	size_t len = 0;

	if (cursor_u8(c) != '\n')
		return -EBADMSG;
	text = cursor_until(c, '\n', RULE_MAX_BYTES, &len);
	if (!text || !cursor_done(c))
		return -EBADMSG;
	zone->has_rule = len > 0;
	return len > 0 ? zonerule_parse(text, len, &zone->rule) : 0;
}

int zoneinfo_parse(const void *bytes, size_t len, struct zoneinfo *ret_zone)
{
	struct tzif_header h = {0};
	struct cursor c;

	memset(ret_zone, 0, sizeof(*ret_zone));
	cursor_init(&c, bytes, len);
	if (take_header(&c, &h) < 0)
		return -EBADMSG;
	(void)cursor_bytes(&c, (size_t)h.time_count * 5 +
				       (size_t)h.kind_count * 6 + h.char_count +
				       h.isstd_count + h.isut_count);
	if (take_header(&c, &h) < 0 || take_block(&c, &h, ret_zone) < 0)
		return -EBADMSG;
	return take_rule(&c, ret_zone);
}

/*
 * Links are followed: many zone names are links to another. The folder is
 * root's, and what was opened is judged as trusted_open() does.
 */
static int zone_open(const char *name)
{
	_cleanup_close_ int dir =
		open(ZONEINFO_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (dir < 0)
		return -errno;
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != 0 ||
		(st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return -EPERM;
	return TAKE_FD(fd);
}

int zoneinfo_load(const char *name, struct zoneinfo **ret_zone)
{
	_cleanup_free_ uint8_t *bytes = NULL;
	_cleanup_free_ struct zoneinfo *zone = NULL;
	_cleanup_close_ int fd = -1;
	ssize_t len;

	if (!zoneinfo_name_valid(name))
		return -EINVAL;
	fd = zone_open(name);
	if (fd < 0)
		return fd;
	bytes = malloc(ZONEINFO_FILE_BYTES);
	zone = malloc(sizeof(*zone));
	if (!bytes || !zone)
		return -ENOMEM;
	len = fd_read_full(fd, bytes, ZONEINFO_FILE_BYTES);
	if (len < 0)
		return (int)len;
	if (zoneinfo_parse(bytes, (size_t)len, zone) < 0)
		return -EBADMSG;
	*ret_zone = TAKE_PTR(zone);
	return 0;
}

int32_t zoneinfo_offset(const struct zoneinfo *zone, int64_t utc_sec)
{
	size_t low = 0, high = zone->time_count;

	if (zone->has_rule &&
		(high == 0 || utc_sec >= zone->times[high - 1]))
		return zonerule_offset(&zone->rule, utc_sec);
	if (high == 0 || utc_sec < zone->times[0])
		return zone->offsets[0];
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (zone->times[middle] <= utc_sec)
			low = middle;
		else
			high = middle;
	}
	return zone->offsets[zone->kinds[low]];
}
