/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/record/utf8.h"

/*
 * By the lead byte: how long the character is, and the range that its second
 * byte must be in. E0 and F0 exclude shorter forms, ED the surrogates, F4
 * what lies above U+10FFFF.
 */
struct shape {
	uint8_t want, low, high;
};

static const struct shape shapes[256] = {
	[0x00 ... 0x7f] = {1, 0, 0},
	[0xc2 ... 0xdf] = {2, 0x80, 0xbf},
	[0xe0] = {3, 0xa0, 0xbf},
	[0xe1 ... 0xec] = {3, 0x80, 0xbf},
	[0xed] = {3, 0x80, 0x9f},
	[0xee ... 0xef] = {3, 0x80, 0xbf},
	[0xf0] = {4, 0x90, 0xbf},
	[0xf1 ... 0xf3] = {4, 0x80, 0xbf},
	[0xf4] = {4, 0x80, 0x8f},
};

enum utf8 utf8_next(const uint8_t *at, size_t left_bytes, size_t *ret_len)
{
	const struct shape *s = &shapes[at[0]];

	*ret_len = 1;
	if (s->want == 0)
		return UTF8_INVALID;
	if (s->want == 1)
		return UTF8_WHOLE;
	if (left_bytes == 1)
		return UTF8_CUT;
	if (at[1] < s->low || at[1] > s->high)
		return UTF8_INVALID;
	for (size_t i = 2; i < s->want; i++) {
		if (i == left_bytes) {
			*ret_len = i;
			return UTF8_CUT;
		}
		if ((at[i] & 0xc0) != 0x80)
			return UTF8_INVALID;
	}
	*ret_len = s->want;
	return UTF8_WHOLE;
}
