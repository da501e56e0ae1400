/* SPDX-License-Identifier: BSD-2-Clause */
/* Big-endian numbers and strings, in both directions. */
#include "sftp/frame.h"

#include <errno.h>
#include <string.h>

#include "sftp/protocol.h"

#define LENGTH_BYTES 4

ssize_t frame_next(const uint8_t *data, size_t len, struct frame *ret_frame)
{
	struct cursor c;
	size_t size;

	if (len < LENGTH_BYTES)
		return 0;
	cursor_init(&c, data, len);
	size = frame_u32(&c);
	if (size < 1 || size > SFTP_FRAME_MAX)
		return -EBADMSG;
	if (cursor_left(&c) < size)
		return 0;
	cursor_init(&ret_frame->rest, data + LENGTH_BYTES, size);
	ret_frame->type = cursor_u8(&ret_frame->rest);
	return (ssize_t)(LENGTH_BYTES + size);
}

static uint64_t take(struct cursor *c, size_t bytes)
{
	const uint8_t *p = cursor_bytes(c, bytes);
	uint64_t value = 0;

	for (size_t i = 0; p && i < bytes; i++)
		value = value << 8 | p[i];
	return value;
}

uint32_t frame_u32(struct cursor *c)
{
	return (uint32_t)take(c, 4);
}

uint64_t frame_u64(struct cursor *c)
{
	return take(c, 8);
}

struct bytes frame_string(struct cursor *c)
{
	struct bytes b = {.len = frame_u32(c)};

	b.data = cursor_bytes(c, b.len);
	if (!b.data)
		b.len = 0;
	return b;
}

bool bytes_are(struct bytes b, const char *text)
{
	return b.len == strlen(text) && memcmp(b.data, text, b.len) == 0;
}

void build_init(struct build *b, void *buffer, size_t size)
{
	*b = (struct build){.data = buffer, .size = size};
}

void build_raw(struct build *b, const void *data, size_t len)
{
	if (b->failed || b->size - b->len < len) {
		b->failed = true;
		return;
	}
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
}

static void put(struct build *b, uint64_t value, size_t bytes)
{
	uint8_t be[8];

	for (size_t i = 0; i < bytes; i++)
		be[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
	build_raw(b, be, bytes);
}

void build_u8(struct build *b, uint8_t value)
{
	put(b, value, 1);
}

void build_u32(struct build *b, uint32_t value)
{
	put(b, value, 4);
}

void build_u64(struct build *b, uint64_t value)
{
	put(b, value, 8);
}

void build_string(struct build *b, const void *data, size_t len)
{
	if (len > SFTP_FRAME_MAX)
		b->failed = true;
	build_u32(b, (uint32_t)len);
	build_raw(b, data, len);
}

void build_text(struct build *b, const char *text)
{
	build_string(b, text, strlen(text));
}

void build_begin(struct build *b, uint8_t type, uint32_t id)
{
	b->len = 0;
	b->failed = false;
	build_u32(b, 0);
	build_u8(b, type);
	build_u32(b, id);
}

void build_end(struct build *b, size_t body_len)
{
	size_t end = b->len, size = end - LENGTH_BYTES + body_len;

	if (b->failed || end < LENGTH_BYTES || size > SFTP_FRAME_MAX) {
		b->failed = true;
		return;
	}
	b->len = 0;
	put(b, size, LENGTH_BYTES);
	b->len = end;
}
