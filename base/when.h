/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A moment in words for people: always in UTC, which the logs speak, and
 * beside it in the plant's own time.
 */
#ifndef JUMP_BASE_WHEN_H
#define JUMP_BASE_WHEN_H

#include <stdint.h>

#include "base/zoneinfo.h"

#define WHEN_SIZE 128

/*
 * "today 18:00 UTC (19:00 Europe/Berlin)", "tomorrow 06:00 UTC (...)",
 * "2026-11-30 06:00 UTC (...)"; today is the day of now_sec in UTC. Seconds
 * show when they are not 0, the local date when it is another than in UTC.
 * zone NULL leaves out the part in brackets. Times before 2000 or after 2199
 * are "unknown". Always terminated.
 */
void when_format(int64_t at_sec, int64_t now_sec, const char *zone_name,
	const struct zoneinfo *zone, char ret_text[WHEN_SIZE]);

#endif
