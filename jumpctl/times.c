/* SPDX-License-Identifier: BSD-2-Clause */
/* The offset is taken off the text; the rest is read as UTC. */
#include "jumpctl/times.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/moment.h"
#include "base/number.h"

#define AHEAD_MAX_SEC (366ull * 86400)
#define DATE_LEN      10 /* 2026-11-23 */
#define MINUTES_LEN   16 /* 2026-11-23T18:00 */
#define SECONDS_LEN   19 /* 2026-11-23T18:00:00 */

/* "+01:00", "-05:30": seconds east of Greenwich. */
static int parse_offset(const char *text, int64_t *ret_sec)
{
	int64_t sec;

	if (strlen(text) != 6 || (text[0] != '+' && text[0] != '-') ||
		text[3] != ':' || strspn(text + 1, "0123456789") != 2 ||
		strspn(text + 4, "0123456789") != 2)
		return -EINVAL;
	sec = ((text[1] - '0') * 10 + text[2] - '0') * 3600 +
	      ((text[4] - '0') * 10 + text[5] - '0') * 60;
	if (sec > 14 * 3600 || text[4] > '5')
		return -EINVAL;
	*ret_sec = text[0] == '-' ? -sec : sec;
	return 0;
}

static int parse_stamp(const char *text, int64_t *ret_sec)
{
	size_t len = strlen(text), local = 0;
	char utc[MOMENT_TEXT_SIZE];
	int64_t sec, offset = 0;

	if (len > SECONDS_LEN + 6 || len < MINUTES_LEN + 1)
		return -EINVAL;
	local = text[MINUTES_LEN] == ':' ? SECONDS_LEN : MINUTES_LEN;
	if (len <= local)
		return -EINVAL;
	if (strcmp(text + local, "Z") != 0 &&
		parse_offset(text + local, &offset) < 0)
		return -EINVAL;
	snprintf(utc, sizeof(utc), "%.*s%sZ", (int)local, text,
		local == MINUTES_LEN ? ":00" : "");
	if (moment_parse(utc, &sec) < 0)
		return -EINVAL;
	*ret_sec = sec - offset;
	return 0;
}

int times_parse(const char *text, int64_t now, int64_t from, int64_t *ret_sec)
{
	uint64_t span;

	if (strcmp(text, "now") == 0) {
		*ret_sec = now;
		return 0;
	}
	if (text[0] != '+')
		return parse_stamp(text, ret_sec);
	if (number_parse_span(text + 1, AHEAD_MAX_SEC, &span) < 0)
		return -EINVAL;
	*ret_sec = from + (int64_t)span;
	return 0;
}
