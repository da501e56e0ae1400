/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parsing and evaluation of a POSIX TZ rule: the part of a zone that has no
 * end.
 */
#include <errno.h>
#include <string.h>

#include "base/cursor.h"
#include "base/zonerule.h"

#define DAY_SEC 86400

static bool peek(const struct cursor *c, char want)
{
	return cursor_left(c) > 0 && *c->at == (uint8_t)want;
}

static bool take(struct cursor *c, char want)
{
	if (!peek(c, want))
		return false;
	(void)cursor_u8(c);
	return true;
}

static bool is_digit(uint8_t b)
{
	return b >= '0' && b <= '9';
}

static bool is_letter(uint8_t b)
{
	return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z');
}

/* "CET" or "<-03>": we have no use for it, but it must be one. */
static int skip_name(struct cursor *c)
{
	size_t count = 0;

	if (take(c, '<')) {
		(void)cursor_until(c, '>', 16, &count);
		return c->failed || count < 3 ? -EBADMSG : 0;
	}
	for (; cursor_left(c) > 0 && is_letter(*c->at); count++)
		(void)cursor_u8(c);
	return count < 3 || count > 16 ? -EBADMSG : 0;
}

static int take_number(struct cursor *c, int max, int *ret)
{
	int value = 0;
	size_t digits = 0;

	for (; cursor_left(c) > 0 && is_digit(*c->at) && digits < 3; digits++)
		value = value * 10 + (cursor_u8(c) - '0');
	if (digits == 0 || value > max)
		return -EBADMSG;
	*ret = value;
	return 0;
}

/* [+-]h[hh][:mm[:ss]] in seconds. */
static int take_span(struct cursor *c, int max_hours, int32_t *ret_sec)
{
	int hours = 0, minutes = 0, seconds = 0;
	bool negative = take(c, '-');

	if (!negative)
		(void)take(c, '+');
	if (take_number(c, max_hours, &hours) < 0)
		return -EBADMSG;
	if (take(c, ':')) {
		if (take_number(c, 59, &minutes) < 0)
			return -EBADMSG;
		if (take(c, ':') && take_number(c, 59, &seconds) < 0)
			return -EBADMSG;
	}
	*ret_sec = hours * 3600 + minutes * 60 + seconds;
	if (negative)
		*ret_sec = -*ret_sec;
	return 0;
}

static int take_month_day(struct cursor *c, struct zonerule_day *day)
{
	int month, week, weekday;

	if (take_number(c, 12, &month) < 0 || month < 1 || !take(c, '.') ||
		take_number(c, 5, &week) < 0 || week < 1 || !take(c, '.') ||
		take_number(c, 6, &weekday) < 0)
		return -EBADMSG;
	day->form = 'M';
	day->month = (uint16_t)month;
	day->week = (uint16_t)week;
	day->day = (uint16_t)weekday;
	return 0;
}

static int take_day(struct cursor *c, struct zonerule_day *ret_day)
{
	struct zonerule_day day = {.time_sec = 2 * 3600};
	int number = 0;

	if (take(c, 'M')) {
		if (take_month_day(c, &day) < 0)
			return -EBADMSG;
	} else {
		day.form = take(c, 'J') ? 'J' : 'N';
		if (take_number(c, 365, &number) < 0 ||
			(day.form == 'J' && number < 1))
			return -EBADMSG;
		day.day = (uint16_t)number;
	}
	if (take(c, '/') && take_span(c, 167, &day.time_sec) < 0)
		return -EBADMSG;
	*ret_day = day;
	return 0;
}

int zonerule_parse(const char *text, size_t len, struct zonerule *ret_rule)
{
	struct zonerule rule = {0};
	struct cursor c;
	int32_t west = 0;

	cursor_init(&c, text, len);
	if (skip_name(&c) < 0 || take_span(&c, 24, &west) < 0)
		return -EBADMSG;
	rule.std_offset_sec = -west;
	if (cursor_left(&c) > 0) {
		if (skip_name(&c) < 0)
			return -EBADMSG;
		west -= 3600;
		if (!peek(&c, ',') && take_span(&c, 24, &west) < 0)
			return -EBADMSG;
		rule.dst_offset_sec = -west;
		rule.has_dst = true;
		if (!take(&c, ',') || take_day(&c, &rule.start) < 0 ||
			!take(&c, ',') || take_day(&c, &rule.end) < 0)
			return -EBADMSG;
	}
	if (!cursor_done(&c))
		return -EBADMSG;
	*ret_rule = rule;
	return 0;
}

static bool is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 1970-01-01 to the first day of a year. */
static int64_t year_days(int64_t year)
{
	int64_t y = year - 1;

	return (year - 1970) * 365 + (y / 4 - 1969 / 4) -
	       (y / 100 - 1969 / 100) + (y / 400 - 1969 / 400);
}

static int64_t year_of(int64_t utc_sec)
{
	int64_t days = utc_sec / DAY_SEC;
	int64_t year = 1970 + days / 366;

	while (year_days(year + 1) <= days)
		year++;
	return year;
}

/* Days from 1970-01-01 to the day that the rule means in that year. */
static int64_t day_in_year(const struct zonerule_day *day, int64_t year)
{
	static const uint16_t before[2][13] = {
		{0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365},
		{0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366}};
	const uint16_t *months = before[is_leap(year)];
	int64_t first, length, offset;

	if (day->form == 'N')
		return year_days(year) + day->day;
	if (day->form == 'J') /* 29 February is never counted */
		return year_days(year) + day->day - 1 +
		       (is_leap(year) && day->day >= 60);
	first = year_days(year) + months[day->month - 1];
	length = months[day->month] - months[day->month - 1];
	/* 1970-01-01 was a Thursday; Sunday is 0 */
	offset = (day->day + 7 - (first + 4) % 7) % 7 + (day->week - 1) * 7;
	while (offset >= length)
		offset -= 7;
	return first + offset;
}

int32_t zonerule_offset(const struct zonerule *rule, int64_t utc_sec)
{
	int64_t year, start, end;
	bool dst;

	if (!rule->has_dst || utc_sec < 0 || utc_sec > INT64_C(1) << 40)
		return rule->std_offset_sec;
	year = year_of(utc_sec);
	start = day_in_year(&rule->start, year) * DAY_SEC +
		rule->start.time_sec - rule->std_offset_sec;
	end = day_in_year(&rule->end, year) * DAY_SEC + rule->end.time_sec -
	      rule->dst_offset_sec;
	if (start < end)
		dst = utc_sec >= start && utc_sec < end;
	else /* south of the equator summer spans the new year */
		dst = utc_sec >= start || utc_sec < end;
	return dst ? rule->dst_offset_sec : rule->std_offset_sec;
}
