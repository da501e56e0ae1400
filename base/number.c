/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/number.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* The digits at the front of text, and where they end. */
static int digits(const char *text, uint64_t *ret_value, const char **ret_end)
{
	uint64_t value = 0;
	const char *p = text;

	if (*p < '0' || *p > '9')
		return -EINVAL;
	if (*p == '0' && p[1] >= '0' && p[1] <= '9')
		return -EINVAL;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(value, 10u, &value) ||
			__builtin_add_overflow(
				value, (uint64_t)(*p - '0'), &value))
			return -ERANGE;
	}
	*ret_value = value;
	*ret_end = p;
	return 0;
}

int number_parse(
	const char *text, uint64_t min, uint64_t max, uint64_t *ret_value)
{
	const char *end;
	uint64_t value;
	int r = digits(text, &value, &end);

	if (r < 0)
		return r;
	if (*end)
		return -EINVAL;
	if (value < min || value > max)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

static int unit_seconds(const char *unit, uint64_t *ret)
{
	static const struct {
		const char *unit;
		uint64_t seconds;
	} units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(unit, units[i].unit) == 0) {
			*ret = units[i].seconds;
			return 0;
		}
	}
	return -EINVAL;
}

int number_parse_span(const char *text, uint64_t max_sec, uint64_t *ret_sec)
{
	const char *unit;
	uint64_t value, seconds = 0;
	int r = digits(text, &value, &unit);

	if (r == 0)
		r = unit_seconds(unit, &seconds);
	if (r < 0)
		return r;
	if (__builtin_mul_overflow(value, seconds, &value) || value > max_sec)
		return -ERANGE;
	*ret_sec = value;
	return 0;
}
