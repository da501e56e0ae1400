/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where text ends and bytes begin: a recording shows what is UTF-8 and keeps
 * what is not.
 */
#ifndef JUMP_WORKERS_RECORD_UTF8_H
#define JUMP_WORKERS_RECORD_UTF8_H

#include <stddef.h>
#include <stdint.h>

enum utf8 {
	UTF8_INVALID = 0, /* one byte that begins no character */
	UTF8_CUT,	  /* a character's beginning, and then the input ends */
	UTF8_WHOLE,
};

/*
 * Looks at the character at `at` (left_bytes > 0). ret_len is its length, or
 * the number of bytes that are there of it, or 1. Surrogates, overlong forms
 * and values above U+10FFFF are invalid. Source: RFC 3629.
 */
enum utf8 utf8_next(const uint8_t *at, size_t left_bytes, size_t *ret_len);

#endif
