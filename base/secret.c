/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/secret.h"

#include <errno.h>
#include <string.h>

void secret_wipe(struct secret *s)
{
	explicit_bzero(s, sizeof(*s));
}

int secret_set(struct secret *s, const void *bytes, size_t len)
{
	secret_wipe(s);
	if (len > sizeof(s->bytes))
		return -EMSGSIZE;
	memcpy(s->bytes, bytes, len);
	s->len = len;
	return 0;
}

bool secret_equal(const void *a, size_t a_len, const void *b, size_t b_len)
{
	const volatile uint8_t *x = a;
	const volatile uint8_t *y = b;
	uint8_t difference = 0;

	if (a_len != b_len)
		return false;
	for (size_t i = 0; i < a_len; i++)
		difference |= x[i] ^ y[i];
	return difference == 0;
}
