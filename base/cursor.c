/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/cursor.h"

#include <string.h>

void cursor_init(struct cursor *c, const void *data, size_t len_bytes)
{
	c->at = data;
	c->end = c->at + len_bytes;
	c->failed = false;
}

size_t cursor_left(const struct cursor *c)
{
	return c->failed ? 0 : (size_t)(c->end - c->at);
}

const void *cursor_bytes(struct cursor *c, size_t len_bytes)
{
	const uint8_t *bytes = c->at;

	if (c->failed || len_bytes > (size_t)(c->end - c->at)) {
		c->failed = true;
		return NULL;
	}
	c->at += len_bytes;
	return bytes;
}

static uint64_t little_endian(struct cursor *c, size_t width)
{
	const uint8_t *bytes = cursor_bytes(c, width);
	uint64_t value = 0;

	if (!bytes)
		return 0;
	for (size_t i = 0; i < width; i++)
		value |= (uint64_t)bytes[i] << (8 * i);
	return value;
}

uint8_t cursor_u8(struct cursor *c)
{
	return (uint8_t)little_endian(c, 1);
}

uint16_t cursor_u16(struct cursor *c)
{
	return (uint16_t)little_endian(c, 2);
}

uint32_t cursor_u32(struct cursor *c)
{
	return (uint32_t)little_endian(c, 4);
}

uint64_t cursor_u64(struct cursor *c)
{
	return little_endian(c, 8);
}

const char *cursor_until(
	struct cursor *c, char stop, size_t max_bytes, size_t *ret_len)
{
	const uint8_t *start = c->at;
	const uint8_t *found;
	size_t left = cursor_left(c);
	size_t look = left > max_bytes ? max_bytes + 1 : left;

	found = look ? memchr(start, stop, look) : NULL;
	if (!found) {
		c->failed = true;
		return NULL;
	}
	c->at = found + 1;
	*ret_len = (size_t)(found - start);
	return (const char *)start;
}

bool cursor_done(const struct cursor *c)
{
	return !c->failed && c->at == c->end;
}
