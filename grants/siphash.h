/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SipHash-2-4, as the checksum of a cell. It guards against corruption, not
 * against an attacker (the key is no secret); its key takes the place of the
 * cell in, so that a good cell in a wrong place is a bad one.
 */
#ifndef JUMP_GRANTS_SIPHASH_H
#define JUMP_GRANTS_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/*
 * The 64-bit hash of len_bytes of data under the key (k0, k1).
 * Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012).
 */
uint64_t siphash(uint64_t k0, uint64_t k1, const void *data, size_t len_bytes);

#endif
