/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Secrets: fixed capacity, never reallocated, wiped on every way out,
 * compared in constant time.
 */
#ifndef JUMP_BASE_SECRET_H
#define JUMP_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECRET_CAPACITY 128

struct secret {
	size_t len;
	uint8_t bytes[SECRET_CAPACITY];
};

void secret_wipe(struct secret *s);
#define _cleanup_secret_ __attribute__((cleanup(secret_wipe)))

/* Takes a copy; -EMSGSIZE when it does not fit (nothing is kept then). */
int secret_set(struct secret *s, const void *bytes, size_t len);

/* Time depends on the lengths only. */
bool secret_equal(const void *a, size_t a_len, const void *b, size_t b_len);

#endif
