/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/inputsum.h"

#include <stdio.h>

void inputsum_begin(struct inputsum *s)
{
	s->bytes = 0;
	sha256_init(&s->digest);
}

void inputsum_add(struct inputsum *s, const void *bytes, size_t len)
{
	sha256_update(&s->digest, len, bytes);
	s->bytes += len;
}

void inputsum_text(struct inputsum *s, char ret_text[INPUTSUM_TEXT_SIZE])
{
	uint8_t raw[SHA256_DIGEST_SIZE];
	int n;

	sha256_digest(&s->digest, sizeof(raw), raw);
	n = snprintf(ret_text, INPUTSUM_TEXT_SIZE, "%llu ",
		(unsigned long long)s->bytes);
	for (size_t i = 0; i < sizeof(raw); i++)
		n += snprintf(ret_text + n, INPUTSUM_TEXT_SIZE - (size_t)n,
			"%02x", raw[i]);
}
