/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/record/utf8.h"

/* By the lead byte: how long, and the range its second byte must be in. */
static size_t shape(uint8_t lead, uint8_t *ret_low, uint8_t *ret_high)
{
	*ret_low = 0x80;
	*ret_high = 0xbf;
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef) {
		if (lead == 0xe0)
			*ret_low = 0xa0; /* shorter forms exist */
		if (lead == 0xed)
			*ret_high = 0x9f; /* surrogates */
		return 3;
	}
	if (lead >= 0xf0 && lead <= 0xf4) {
		if (lead == 0xf0)
			*ret_low = 0x90;
		if (lead == 0xf4)
			*ret_high = 0x8f;
		return 4;
	}
	return 0;
}

enum utf8 utf8_next(const uint8_t *at, size_t left_bytes, size_t *ret_len)
{
	uint8_t low, high;
	size_t want = shape(at[0], &low, &high);

	*ret_len = 1;
	if (want == 0)
		return UTF8_INVALID;
	for (size_t i = 1; i < want; i++) {
		if (i == left_bytes) {
			*ret_len = i;
			return UTF8_CUT;
		}
		if (at[i] < low || at[i] > high)
			return UTF8_INVALID;
		low = 0x80;
		high = 0xbf;
	}
	*ret_len = want;
	return UTF8_WHOLE;
}
