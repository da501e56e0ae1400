/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Local time of a named zone, for texts to people. A module in somebody
 * else's process may neither set TZ nor call tzset(3), so this reads the
 * zone's TZif file itself: bounded, without statics, without environment.
 */
#ifndef JUMP_BASE_ZONEINFO_H
#define JUMP_BASE_ZONEINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZONEINFO_DIR        "/usr/share/zoneinfo"
#define ZONEINFO_NAME_SIZE  48
#define ZONEINFO_FILE_BYTES 65536
#define ZONEINFO_TIMES_MAX  2000
#define ZONEINFO_KINDS_MAX  256

/* The rule for times after the last listed change; see base/zonerule.h. */
struct zonerule_day {
	char form; /* 'M' month.week.day, 'J' 1 to 365, 'N' 0 to 365 */
	uint16_t month, week, day;
	int32_t time_sec; /* of local time, may be negative */
};
struct zonerule {
	int32_t std_offset_sec; /* east of Greenwich is positive */
	int32_t dst_offset_sec;
	bool has_dst;
	struct zonerule_day start, end;
};

struct zoneinfo {
	size_t time_count;
	size_t kind_count;
	bool has_rule;
	struct zonerule rule;
	int64_t times[ZONEINFO_TIMES_MAX];
	uint8_t kinds[ZONEINFO_TIMES_MAX];
	int32_t offsets[ZONEINFO_KINDS_MAX];
};

/*
 * "Europe/Berlin": letters, digits, "_", "+", "-" in parts of which none is
 * empty or begins with a dot. Nothing else reaches the file system.
 */
bool zoneinfo_name_valid(const char *name);

/*
 * Reads the zone of that name. Returns 0 with a zone the caller frees with
 * free(3); -EINVAL for a bad name, -ENOENT for an unknown zone, -EPERM when
 * the file is not root's own, -EBADMSG when it is no TZif file of version 2
 * or later, -ENOMEM. Without a zone, texts are in UTC alone: none of these
 * changes a decision. Source: RFC 9636; threat T-ZONEINFO.
 */
int zoneinfo_load(const char *name, struct zoneinfo **ret_zone);
int zoneinfo_parse(const void *bytes, size_t len, struct zoneinfo *ret_zone);

/* Seconds to add to UTC for local time at utc_sec. Total. */
int32_t zoneinfo_offset(const struct zoneinfo *zone, int64_t utc_sec);

static inline void cleanup_zoneinfo(struct zoneinfo **z)
{
	__builtin_free(*z);
}
#define _cleanup_zoneinfo_ __attribute__((cleanup(cleanup_zoneinfo)))

#endif
