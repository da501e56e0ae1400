/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bounded byte cursor: the one way in which foreign bytes are taken
 * apart. It never reads past its end; after the first failure it stays
 * failed and yields zeros, so a parser may check once, at its end.
 */
#ifndef JUMP_BASE_CURSOR_H
#define JUMP_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
	const uint8_t *at;
	const uint8_t *end;
	bool failed;
};

void cursor_init(struct cursor *c, const void *data, size_t len_bytes);
size_t cursor_left(const struct cursor *c);

/* Little-endian integers; 0 once failed. */
uint8_t cursor_u8(struct cursor *c);
uint16_t cursor_u16(struct cursor *c);
uint32_t cursor_u32(struct cursor *c);
uint64_t cursor_u64(struct cursor *c);

/* Borrows len_bytes from the input, NULL once failed. */
const void *cursor_bytes(struct cursor *c, size_t len_bytes);

/*
 * Takes the bytes up to the next `stop` and steps over it. Fails when there
 * is no `stop`, or when more than max_bytes stand before it. The bytes are
 * borrowed, not terminated.
 */
const char *cursor_until(
	struct cursor *c, char stop, size_t max_bytes, size_t *ret_len);

/* True when all of the input was taken and nothing failed. */
bool cursor_done(const struct cursor *c);

#endif
