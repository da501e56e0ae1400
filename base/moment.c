/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/moment.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/keyfile.h"
#include "base/number.h"

#define YEAR_MIN 2000
#define YEAR_MAX 2199

static int64_t clock_ms(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts) < 0)
		return 0;
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t moment_wall_ms(void)
{
	return clock_ms(CLOCK_REALTIME);
}

int64_t moment_boot_ms(void)
{
	return clock_ms(CLOCK_BOOTTIME);
}

/* Days since 1970-01-01 of a proleptic Gregorian date. */
static int64_t days_from_date(int64_t year, unsigned month, unsigned day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = y / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year =
		(153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day -
		1;
	int64_t days = of_era * 365 + of_era / 4 - of_era / 100 + of_year;

	return era * 146097 + days - 719468;
}

static void date_from_days(
	int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day)
{
	int64_t z = days + 719468;
	int64_t era = z / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*ret_day = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
	*ret_month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
	*ret_year = yoe + era * 400 + (*ret_month <= 2);
}

static unsigned month_days(int64_t year, unsigned month)
{
	static const uint8_t days[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* Fixed-width digits at `at`. */
static bool field(const char *text, size_t at, size_t width, unsigned *ret)
{
	unsigned value = 0;

	for (size_t i = at; i < at + width; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (unsigned)(text[i] - '0');
	}
	*ret = value;
	return true;
}

int moment_parse(const char *text, int64_t *ret_sec)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
	unsigned year, month, day, hour, minute, second;

	if (strnlen(text, sizeof(form)) != sizeof(form) - 1)
		return -EINVAL;
	for (size_t i = 0; form[i]; i++) {
		if (form[i] != 'd' && text[i] != form[i])
			return -EINVAL;
	}
	if (!field(text, 0, 4, &year) || !field(text, 5, 2, &month) ||
		!field(text, 8, 2, &day) || !field(text, 11, 2, &hour) ||
		!field(text, 14, 2, &minute) || !field(text, 17, 2, &second))
		return -EINVAL;
	if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12)
		return -EINVAL;
	if (day < 1 || day > month_days(year, month) || hour > 23 ||
		minute > 59 || second > 59)
		return -EINVAL;
	*ret_sec = days_from_date(year, month, day) * 86400 +
		   (int64_t)hour * 3600 + minute * 60 + second;
	return 0;
}

void moment_format(int64_t sec, char ret_text[MOMENT_TEXT_SIZE])
{
	int64_t day_sec, year;
	unsigned month, day;

	if (sec < 0)
		sec = 0;
	if (sec > INT64_C(7258118399)) /* 2199-12-31T23:59:59Z */
		sec = INT64_C(7258118399);
	day_sec = sec % 86400;
	date_from_days(sec / 86400, &year, &month, &day);
	snprintf(ret_text, MOMENT_TEXT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ",
		(unsigned)year % 10000u, month % 100u, day % 100u,
		(unsigned)(day_sec / 3600) % 100u,
		(unsigned)(day_sec / 60 % 60), (unsigned)(day_sec % 60));
}

static int clock_from_keyfile(const struct keyfile *k, struct moment_clock *ret)
{
	struct moment_clock clock = {0};
	const char *why = keyfile_text(k, "why");
	uint64_t trusted, offset_ms;

	if (keyfile_number(k, "trusted", &trusted) < 0 ||
		keyfile_number(k, "offset_ms", &offset_ms) < 0 || !why ||
		offset_ms > INT64_MAX / 2)
		return -EBADMSG;
	clock.trusted = trusted == 1;
	clock.offset_ms = (int64_t)offset_ms;
	snprintf(clock.why, sizeof(clock.why), "%s", why);
	*ret = clock;
	return 0;
}

int moment_clock_read_at(
	const char *path, uid_t owner, struct moment_clock *ret_clock)
{
	_cleanup_keyfile_ struct keyfile k = {0};
	struct moment_clock clock;
	int64_t wander_ms;
	int r = keyfile_read(AT_FDCWD, path, owner, &k);

	if (r < 0)
		return r == -ENOENT ? -ENODATA : r;
	r = clock_from_keyfile(&k, &clock);
	if (r < 0)
		return r;
	wander_ms = moment_wall_ms() - moment_now_ms(&clock);
	if (clock.trusted && llabs(wander_ms) > MOMENT_STEP_MAX_MS) {
		clock.trusted = false;
		snprintf(clock.why, sizeof(clock.why), "step");
	}
	*ret_clock = clock;
	return 0;
}

int moment_clock_read(struct moment_clock *ret_clock)
{
	return moment_clock_read_at(MOMENT_CLOCK_FILE, 0, ret_clock);
}

int64_t moment_now_ms(const struct moment_clock *clock)
{
	return moment_boot_ms() + clock->offset_ms;
}

int64_t moment_now_sec(const struct moment_clock *clock)
{
	return moment_now_ms(clock) / 1000;
}
