/* SPDX-License-Identifier: BSD-2-Clause */
/* Identifiers that sort by time, and digests as text. */
#include <errno.h>
#include <gnutls/crypto.h>
#include <stdio.h>

#include "approvals/store/store.h"

#define ULID_RANDOM_BYTES 10

/* 48 bits of time and 80 of chance, five bits a character, top first. */
int ulid_make(int64_t now_ms, char ret_ulid[ULID_SIZE])
{
	static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint8_t chance[ULID_RANDOM_BYTES];
	unsigned bits = 0, held = 0;
	char *at = ret_ulid;

	if (now_ms < 0 || now_ms >> 48)
		return -ERANGE;
	if (gnutls_rnd(GNUTLS_RND_RANDOM, chance, sizeof(chance)) < 0)
		return -EIO;
	for (int shift = 45; shift >= 0; shift -= 5)
		*at++ = alphabet[(now_ms >> shift) & 31];
	for (size_t i = 0; i < sizeof(chance); i++) {
		bits = (bits << 8 | chance[i]) & 0xfff;
		for (held += 8; held >= 5; held -= 5)
			*at++ = alphabet[(bits >> (held - 5)) & 31];
	}
	*at = '\0';
	return 0;
}

int digest_hex(const void *bytes, size_t len, char ret_hex[DIGEST_SIZE])
{
	uint8_t digest[32];

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes, len, digest) < 0)
		return -EIO;
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(ret_hex + 2 * i, 3, "%02x", digest[i]);
	return 0;
}
