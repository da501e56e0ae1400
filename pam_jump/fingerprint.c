/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SHA-256 comes from libcrypto, which sshd has loaded anyway; base64 is here,
 * because libcrypto's decoder takes text that is none.
 */
#include "pam_jump/fingerprint.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <openssl/evp.h>

#include "base/cleanup.h"

#define BLOB_MAX   4096
#define SHA256_LEN 32

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz0123456789+/";

static int sextet(char c)
{
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

/* Whole groups of four; "=" only at the end, and its spare bits 0. */
static int decode(const char *text, uint8_t *ret, size_t *ret_len)
{
	size_t len = strnlen(text, BLOB_MAX * 4 / 3 + 4), out = 0;
	size_t pad = 0;

	if (len == 0 || len % 4 != 0 || len / 4 * 3 > BLOB_MAX)
		return -EINVAL;
	pad = text[len - 1] != '=' ? 0 : text[len - 2] != '=' ? 1 : 2;
	for (size_t i = 0; i < len; i += 4) {
		uint32_t group = 0;
		size_t keep = i + 4 == len ? 3 - pad : 3;

		for (size_t j = 0; j < 4; j++) {
			int six = j > keep ? 0 : sextet(text[i + j]);

			if (six < 0)
				return -EINVAL;
			group = group << 6 | (uint32_t)six;
		}
		if (keep < 3 && (group & ((1u << (8 * (3 - keep))) - 1)))
			return -EINVAL;
		for (size_t j = 0; j < keep; j++)
			ret[out++] = (uint8_t)(group >> (16 - 8 * j));
	}
	*ret_len = out;
	return 0;
}

/* Without padding, as OpenSSH prints it: 32 bytes make 43 characters. */
static void encode_digest(const uint8_t *digest, char *to)
{
	uint32_t bits = 0;
	unsigned have = 0;

	for (size_t i = 0; i < SHA256_LEN; i++) {
		bits = bits << 8 | digest[i];
		for (have += 8; have >= 6; have -= 6)
			*to++ = alphabet[bits >> (have - 6) & 63];
	}
	*to++ = alphabet[bits << (6 - have) & 63];
	*to = '\0';
}

int fingerprint_make(const char *base64, char ret_text[FINGERPRINT_SIZE])
{
	uint8_t blob[BLOB_MAX], digest[EVP_MAX_MD_SIZE];
	unsigned digest_len = 0;
	size_t len = 0;

	if (decode(base64, blob, &len) < 0)
		return -EINVAL;
	if (EVP_Digest(blob, len, digest, &digest_len, EVP_sha256(), NULL) !=
			1 ||
		digest_len != SHA256_LEN)
		return -EIO;
	memcpy(ret_text, "SHA256:", 7);
	encode_digest(digest, ret_text + 7);
	return 0;
}
