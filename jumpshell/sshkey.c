/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/sshkey.h"

#include <string.h>

#include "base/cleanup.h"

#define BLOB_SIZE   256
#define LINE_DIGITS 70

static const char type[] = "ssh-ed25519";

/* The sizes are all ours and known: what is written always fits. */
struct blob {
	size_t len;
	uint8_t bytes[BLOB_SIZE];
};

static void put_bytes(struct blob *b, const void *bytes, size_t len)
{
	if (len > sizeof(b->bytes) - b->len)
		__builtin_trap();
	memcpy(b->bytes + b->len, bytes, len);
	b->len += len;
}

static void put_u32(struct blob *b, uint32_t value)
{
	const uint8_t be[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16),
		(uint8_t)(value >> 8), (uint8_t)value};

	put_bytes(b, be, sizeof(be));
}

static void put_string(struct blob *b, const void *bytes, size_t len)
{
	put_u32(b, (uint32_t)len);
	put_bytes(b, bytes, len);
}

static void put_public(struct blob *b, const struct sshkey *k)
{
	put_string(b, type, strlen(type));
	put_string(b, k->point, sizeof(k->point));
}

/* Base64; a newline after each `width` digits when width is not 0. */
static size_t encode(const struct blob *b, size_t width, char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = 0, column = 0;

	for (size_t i = 0; i < b->len; i += 3) {
		uint32_t word = (uint32_t)b->bytes[i] << 16;
		size_t have = b->len - i < 3 ? b->len - i : 3;

		if (have > 1)
			word |= (uint32_t)b->bytes[i + 1] << 8;
		if (have > 2)
			word |= b->bytes[i + 2];
		for (size_t j = 0; j < 4; j++) {
			out[n++] =
				j > have ? '='
					 : digits[(word >> (18 - 6 * j)) & 63];
			if (width && ++column % width == 0)
				out[n++] = '\n';
		}
	}
	return n;
}

static void put_secret(struct blob *b, const struct sshkey *k, uint32_t check)
{
	struct blob inner = {0};
	uint8_t both[2 * SSHKEY_SEED_SIZE];

	memcpy(both, k->seed, sizeof(k->seed));
	memcpy(both + sizeof(k->seed), k->point, sizeof(k->point));
	put_u32(&inner, check);
	put_u32(&inner, check);
	put_public(&inner, k);
	put_string(&inner, both, sizeof(both));
	put_string(&inner, "", 0);
	for (uint8_t pad = 1; inner.len % 8 != 0; pad++)
		put_bytes(&inner, &pad, 1);
	put_string(b, inner.bytes, inner.len);
	explicit_bzero(both, sizeof(both));
	explicit_bzero(&inner, sizeof(inner));
}

size_t sshkey_private(const struct sshkey *k, uint32_t check,
	char ret_text[SSHKEY_PRIVATE_SIZE])
{
	static const char begin[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
	static const char end[] = "\n-----END OPENSSH PRIVATE KEY-----\n";
	static const char magic[] = "openssh-key-v1";
	struct blob outer = {0}, public_half = {0};
	size_t n = strlen(begin);

	put_bytes(&outer, magic, sizeof(magic));
	put_string(&outer, "none", 4);
	put_string(&outer, "none", 4);
	put_string(&outer, "", 0);
	put_u32(&outer, 1);
	put_public(&public_half, k);
	put_string(&outer, public_half.bytes, public_half.len);
	put_secret(&outer, k, check);
	memcpy(ret_text, begin, n);
	n += encode(&outer, LINE_DIGITS, ret_text + n);
	memcpy(ret_text + n, end, sizeof(end));
	explicit_bzero(&outer, sizeof(outer));
	return n + strlen(end);
}

size_t sshkey_public(const struct sshkey *k, char ret_text[SSHKEY_PUBLIC_SIZE])
{
	struct blob b = {0};
	size_t n = strlen(type);

	memcpy(ret_text, type, n);
	ret_text[n++] = ' ';
	put_public(&b, k);
	n += encode(&b, 0, ret_text + n);
	ret_text[n++] = '\n';
	ret_text[n] = '\0';
	return n;
}
