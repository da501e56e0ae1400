/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Four characters a step through one table, because a snapshot is tens of
 * megabytes; what is wrong is gathered in bits that no value has.
 */
#include "grants/base64.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define WRONG 0x80

struct alphabet {
	uint8_t value[256];
};

static void alphabet_init(struct alphabet *a, enum base64_form form)
{
	static const char common[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789";

	memset(a->value, WRONG, sizeof(a->value));
	for (uint8_t i = 0; common[i] != '\0'; i++)
		a->value[(uint8_t)common[i]] = i;
	a->value[form == BASE64_URL ? '-' : '+'] = 62;
	a->value[form == BASE64_URL ? '_' : '/'] = 63;
}

/* The last 2 or 3 characters of a text: their unused bits are zero. */
static int decode_tail(const uint8_t *in, size_t n, const struct alphabet *a,
	uint8_t *out, size_t *ret_len)
{
	uint8_t v[3] = {
		a->value[in[0]], a->value[in[1]], n == 3 ? a->value[in[2]] : 0};

	if ((v[0] | v[1] | v[2]) & WRONG)
		return -EBADMSG;
	if (n == 2 ? v[1] & 0x0f : v[2] & 0x03)
		return -EBADMSG;
	out[0] = (uint8_t)(v[0] << 2 | v[1] >> 4);
	if (n == 3)
		out[1] = (uint8_t)(v[1] << 4 | v[2] >> 2);
	*ret_len += n - 1;
	return 0;
}

int base64_decode(enum base64_form form, const char *text, size_t len,
	uint8_t *ret_bytes, size_t *ret_len)
{
	const uint8_t *in = (const uint8_t *)text;
	uint8_t *out = ret_bytes, wrong = 0;
	size_t done = 0, tail;
	struct alphabet a;

	alphabet_init(&a, form);
	if (form == BASE64_PADDED) {
		if (len % 4 != 0)
			return -EBADMSG;
		if (len > 0 && in[len - 1] == '=')
			len -= in[len - 2] == '=' ? 2 : 1;
	}
	tail = len % 4;
	if (tail == 1)
		return -EBADMSG;
	for (size_t i = 0; i < len - tail; i += 4, out += 3) {
		uint8_t w = a.value[in[i]], x = a.value[in[i + 1]];
		uint8_t y = a.value[in[i + 2]], z = a.value[in[i + 3]];

		wrong |= w | x | y | z;
		out[0] = (uint8_t)(w << 2 | x >> 4);
		out[1] = (uint8_t)(x << 4 | y >> 2);
		out[2] = (uint8_t)(y << 6 | z);
	}
	done = (size_t)(out - ret_bytes);
	if (wrong & WRONG)
		return -EBADMSG;
	if (tail > 0 && decode_tail(in + len - tail, tail, &a, out, &done) < 0)
		return -EBADMSG;
	*ret_len = done;
	return 0;
}
