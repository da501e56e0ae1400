/* SPDX-License-Identifier: BSD-2-Clause */
/* Times as people type them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "base/cleanup.h"
#include "jumpctl/times.h"

#define NOW  1795464000 /* 2026-11-23T20:00:00Z */
#define FROM (NOW + 100)

static void test_times(void **state)
{
	static const struct {
		const char *text;
		int64_t sec; /* 0: refused */
	} rows[] = {
		{"now", NOW},
		{"+2h", FROM + 7200},
		{"+90", FROM + 90},
		{"+15m", FROM + 900},
		{"+1d", FROM + 86400},
		{"2026-11-23T20:00:00Z", NOW},
		{"2026-11-23T20:00Z", NOW},
		{"2026-11-23T21:00+01:00", NOW},
		{"2026-11-23T21:00:01+01:00", NOW + 1},
		{"2026-11-23T14:30-05:30", NOW},
		{"2026-11-24T01:30:00+05:30", NOW},
		{"", 0},
		{"+", 0},
		{"+400d", 0},
		{"+-1", 0},
		{"2h", 0},
		{"tomorrow", 0},
		{"2026-11-23", 0},
		{"2026-11-23T20:00", 0},
		{"2026-11-23T20:00:00", 0},
		{"2026-11-23 20:00Z", 0},
		{"2026-11-23T20Z", 0},
		{"2026-11-23T25:00Z", 0},
		{"2026-02-30T20:00Z", 0},
		{"2026-11-23T20:00+1:00", 0},
		{"2026-11-23T20:00+15:00", 0},
		{"2026-11-23T20:00+01:60", 0},
		{"2026-11-23T20:00+0100", 0},
		{"2026-11-23T20:00ZZ", 0},
		{"2026-11-23T20:00:00.5Z", 0},
		{"2026-11-23T20:00:00+01:00x", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t sec = -1;
		int r = times_parse(rows[i].text, NOW, FROM, &sec);

		if (rows[i].sec ? r != 0 || sec != rows[i].sec : r != -EINVAL)
			fail_msg("\"%s\": %d, %lld", rows[i].text, r,
				(long long)sec);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_times)};

	return cmocka_run_group_tests_name("times", tests, NULL, NULL);
}
