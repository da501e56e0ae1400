/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Local time for people: our reader of TZif files against glibc's, over every
 * zone of the host and over files without a table of future changes; and the
 * words made of it.
 */
#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/moment.h"
#include "base/when.h"
#include "base/zoneinfo.h"
#include "base/zonerule.h"

#define FIRST_SEC 946684800  /* 2000-01-01 */
#define LAST_SEC  7258032000 /* 2199-12-31 */

static uint64_t rng = 0x9e3779b97f4a7c15u;

static int64_t random_sec(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return FIRST_SEC + (int64_t)(rng % (LAST_SEC - FIRST_SEC));
}

static void compare_at(
	const char *name, const struct zoneinfo *zone, int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;

	assert_non_null(localtime_r(&t, &tm));
	if (zoneinfo_offset(zone, at) != (int32_t)tm.tm_gmtoff)
		fail_msg("%s at %lld: ours %d, glibc %ld", name, (long long)at,
			zoneinfo_offset(zone, at), tm.tm_gmtoff);
}

static void compare_zone(const char *tz, const struct zoneinfo *zone, int n)
{
	setenv("TZ", tz, 1);
	tzset();
	for (int i = 0; i < n; i++)
		compare_at(tz, zone, random_sec());
	for (size_t i = 0; i < zone->time_count; i++)
		for (int64_t d = -1; d <= 1; d++)
			if (zone->times[i] > FIRST_SEC)
				compare_at(tz, zone, zone->times[i] + d);
}

static int zones_seen;

static int each_file(
	const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	const char *name = path + strlen(ZONEINFO_DIR) + 1;
	_cleanup_zoneinfo_ struct zoneinfo *zone = NULL;
	int r;

	(void)st;
	(void)ftw;
	if (kind != FTW_F || strncmp(name, "right/", 6) == 0)
		return 0;
	r = zoneinfo_load(name, &zone);
	if (r < 0) /* tables in text form, and localtime.tab and friends */
		return !(strchr(name, '.') || strstr(name, "leapseconds"));
	compare_zone(name, zone, 60);
	zones_seen++;
	return 0;
}

static void every_zone_agrees_with_glibc(void **state)
{
	assert_int_equal(nftw(ZONEINFO_DIR, each_file, 16, 0), 0);
	assert_true(zones_seen > 300);
}

/* Files made by `zic -b slim` end early: the rule carries the rest. */
static void slim_files_agree_with_glibc(void **state)
{
	static const char *const names[] = {"Berlin", "New_York", "Sydney",
		"Kolkata", "Nuuk", "Dublin", "Casablanca", "rule-julian",
		"rule-zero"};
	char path[4096];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		static uint8_t bytes[ZONEINFO_FILE_BYTES];
		static struct zoneinfo zone;
		_cleanup_fclose_ FILE *f = NULL;
		size_t len;

		snprintf(path, sizeof(path), ":%s/tests/fuzz/corpus/zoneinfo/%s",
			getenv("JUMP_SRCDIR"), names[i]);
		f = fopen(path + 1, "re");
		assert_non_null(f);
		len = fread(bytes, 1, sizeof(bytes), f);
		assert_int_equal(zoneinfo_parse(bytes, len, &zone), 0);
		assert_true(zone.has_rule);
		compare_zone(path, &zone, 20000);
	}
}

static void names_that_reach_no_file(void **state)
{
	static const char *const bad[] = {"", "/", "/etc/passwd", "..",
		"../zoneinfo/UTC", "Europe/../UTC", "Europe//Berlin", "Europe/",
		"./UTC", "Europe/.hidden", "a b", "Europe/Berlin\n",
		"1234567890123456789012345678901234567890123456789"};
	struct zoneinfo *zone = NULL;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(zoneinfo_load(bad[i], &zone), -EINVAL);
	assert_int_equal(zoneinfo_load(NULL, &zone), -EINVAL);
	assert_int_equal(zoneinfo_load("Europe/Nowhere", &zone), -ENOENT);
	assert_int_not_equal(zoneinfo_load("Europe", &zone), 0);
	assert_int_equal(zoneinfo_load("right/Europe/Berlin", &zone), -EBADMSG);
	assert_null(zone);
}

static void rules_of_another_form_refuse(void **state)
{
	static const char *const bad[] = {"", "C", "CET", "CET-25", "CET-1 ",
		"CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0,",
		"CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
		"CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,M0.5.0,M10.5.0",
		"CET-1CEST,J0,J5", "CET-1CEST,J1,J366", "CET-1CEST,0,366",
		"CET-1CEST,M3.5.0,M10.5.0/168", "<CET-1", "<->1",
		"CET-1CEST,M3.5.0,M10.5.0/3x"};
	struct zonerule rule;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(zonerule_parse(bad[i], strlen(bad[i]), &rule),
			-EBADMSG);
	assert_int_equal(zonerule_parse("<-03>3", 6, &rule), 0);
	assert_int_equal(rule.std_offset_sec, -3 * 3600);
}

static int64_t at(const char *text)
{
	int64_t sec = 0;

	assert_int_equal(moment_parse(text, &sec), 0);
	return sec;
}

static void expect_words(const char *zone_name, const char *when,
	const char *now, const char *words)
{
	_cleanup_zoneinfo_ struct zoneinfo *zone = NULL;
	char text[WHEN_SIZE];

	if (zone_name)
		assert_int_equal(zoneinfo_load(zone_name, &zone), 0);
	when_format(at(when), at(now), zone_name, zone, text);
	assert_string_equal(text, words);
}

static void moments_in_words(void **state)
{
	const char *berlin = "Europe/Berlin", *now = "2026-11-23T10:00:00Z";
	char text[WHEN_SIZE];

	expect_words(berlin, "2026-11-23T18:00:00Z", now,
		"today 18:00 UTC (19:00 Europe/Berlin)");
	expect_words(berlin, "2026-11-24T06:00:30Z", now,
		"tomorrow 06:00:30 UTC (07:00:30 Europe/Berlin)");
	expect_words(berlin, "2026-11-23T23:30:00Z", now,
		"today 23:30 UTC (2026-11-24 00:30 Europe/Berlin)");
	expect_words(berlin, "2027-07-01T06:00:00Z", now,
		"2027-07-01 06:00 UTC (08:00 Europe/Berlin)");
	expect_words("Asia/Kolkata", "2026-11-22T06:00:00Z", now,
		"2026-11-22 06:00 UTC (11:30 Asia/Kolkata)");
	expect_words(NULL, "2026-11-23T18:00:00Z", now, "today 18:00 UTC");
	when_format(0, at(now), NULL, NULL, text);
	assert_string_equal(text, "unknown");
	when_format(INT64_MAX, at(now), NULL, NULL, text);
	assert_string_equal(text, "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_zone_agrees_with_glibc),
		cmocka_unit_test(slim_files_agree_with_glibc),
		cmocka_unit_test(names_that_reach_no_file),
		cmocka_unit_test(rules_of_another_form_refuse),
		cmocka_unit_test(moments_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
