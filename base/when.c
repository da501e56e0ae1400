/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moments in words: takes the RFC 3339 form apart, so that there is one
 * piece of calendar arithmetic for people and logs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/moment.h"
#include "base/when.h"

#define DAY_SEC    86400
#define FIRST_SEC  INT64_C(946684800)  /* 2000-01-01 */
#define BEHIND_SEC INT64_C(7258118400) /* 2200-01-01 */

/* "18:00", or "18:00:30" when there are seconds. */
static int clock_len(const char *rfc3339)
{
	return memcmp(rfc3339 + 17, "00", 2) == 0 ? 5 : 8;
}

static void format_utc(const char *utc, int64_t at_sec, int64_t now_sec,
	char *text, size_t size)
{
	int64_t days = at_sec / DAY_SEC - now_sec / DAY_SEC;

	if (days == 0 || days == 1)
		(void)snprintf(text, size, "%s %.*s UTC",
			days == 0 ? "today" : "tomorrow", clock_len(utc),
			utc + 11);
	else
		(void)snprintf(text, size, "%.10s %.*s UTC", utc,
			clock_len(utc), utc + 11);
}

void when_format(int64_t at_sec, int64_t now_sec, const char *zone_name,
	const struct zoneinfo *zone, char ret_text[WHEN_SIZE])
{
	char utc[MOMENT_TEXT_SIZE], local[MOMENT_TEXT_SIZE];
	size_t len;
	bool same_day;

	if (at_sec < FIRST_SEC + DAY_SEC || at_sec >= BEHIND_SEC - DAY_SEC) {
		(void)snprintf(ret_text, WHEN_SIZE, "unknown");
		return;
	}
	moment_format(at_sec, utc);
	format_utc(utc, at_sec, now_sec, ret_text, WHEN_SIZE);
	if (!zone || !zoneinfo_name_valid(zone_name))
		return;
	moment_format(at_sec + zoneinfo_offset(zone, at_sec), local);
	same_day = memcmp(utc, local, 10) == 0;
	len = strlen(ret_text);
	(void)snprintf(ret_text + len, WHEN_SIZE - len, " (%.*s%s%.*s %s)",
		same_day ? 0 : 10, local, same_day ? "" : " ", clock_len(local),
		local + 11, zone_name);
}
