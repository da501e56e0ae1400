/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers from text, whole and in range, or not at all: no sign, no blanks,
 * no leading zeros but "0" itself, no trailing bytes.
 */
#ifndef JUMP_BASE_NUMBER_H
#define JUMP_BASE_NUMBER_H

#include <stdint.h>

/*
 * Parses decimal text. Returns 0; -EINVAL when it is no number of that form;
 * -ERANGE outside min..max. Source: threat T-NUMBER.
 */
int number_parse(
	const char *text, uint64_t min, uint64_t max, uint64_t *ret_value);

/*
 * Parses a span of time of an administrator: "90", "90s", "15m", "8h", "7d"
 * (a bare number is seconds). Same errors.
 */
int number_parse_span(const char *text, uint64_t max_sec, uint64_t *ret_sec);

#endif
