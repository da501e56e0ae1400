/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SipHash-2-4: two rounds a word, four at the end.
 */
#include "grants/siphash.h"

#include <endian.h>
#include <string.h>

static inline uint64_t rotated(uint64_t x, unsigned int by)
{
	return x << by | x >> (64 - by);
}

static inline void round_once(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotated(v[1], 13) ^ v[0];
	v[0] = rotated(v[0], 32);
	v[2] += v[3];
	v[3] = rotated(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotated(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotated(v[1], 17) ^ v[2];
	v[2] = rotated(v[2], 32);
}

static inline void absorb(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	round_once(v);
	round_once(v);
	v[0] ^= word;
}

static uint64_t word_at(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return le64toh(word);
}

uint64_t siphash(uint64_t k0, uint64_t k1, const void *data, size_t len_bytes)
{
	const uint8_t *bytes = data;
	size_t whole = len_bytes & ~(size_t)7;
	uint64_t last = (uint64_t)len_bytes << 56;
	uint64_t v[4] = {
		k0 ^ 0x736f6d6570736575u,
		k1 ^ 0x646f72616e646f6du,
		k0 ^ 0x6c7967656e657261u,
		k1 ^ 0x7465646279746573u,
	};

	for (size_t i = 0; i < whole; i += 8)
		absorb(v, word_at(bytes + i));
	for (size_t i = whole; i < len_bytes; i++)
		last |= (uint64_t)bytes[i] << (8 * (i - whole));
	absorb(v, last);
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		round_once(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
