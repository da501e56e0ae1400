/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/record/castbuf.h"

#include <stdio.h>
#include <string.h>

#include "workers/record/utf8.h"

void castbuf_init(struct castbuf *b, void *bytes, size_t size)
{
	*b = (struct castbuf){.bytes = bytes, .size = size};
}

/* Room for len bytes, or NULL for good. */
static char *room(struct castbuf *b, size_t len)
{
	char *at = b->bytes + b->len;

	if (b->full || b->size - b->len < len) {
		b->full = true;
		return NULL;
	}
	b->len += len;
	return at;
}

void castbuf_raw(struct castbuf *b, const void *bytes, size_t len)
{
	char *at = room(b, len);

	if (at && len > 0)
		memcpy(at, bytes, len);
}

void castbuf_text(struct castbuf *b, const char *text)
{
	castbuf_raw(b, text, strlen(text));
}

void castbuf_number(struct castbuf *b, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	castbuf_text(b, text);
}

void castbuf_time(struct castbuf *b, uint64_t us)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu.%06u",
		(unsigned long long)(us / 1000000), (unsigned)(us % 1000000));
	castbuf_text(b, text);
}

static bool plain(uint8_t c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* An ASCII character that can't stand in a JSON string, or should not. */
static void put_escaped(struct castbuf *b, uint8_t c)
{
	static const char short_from[] = "\"\\\b\f\n\r\t";
	static const char short_to[] = "\"\\bfnrt";
	const char *at = strchr(short_from, c);
	char text[8];

	if (at)
		snprintf(text, sizeof(text), "\\%c", short_to[at - short_from]);
	else
		snprintf(text, sizeof(text), "\\u%04x", c);
	castbuf_text(b, text);
}

/* How many bytes from here on are no text; 0: there is text. */
static size_t junk(const uint8_t *at, size_t left)
{
	size_t n = 0, len;

	while (n < left &&
		(at[n] == 0 || utf8_next(at + n, left - n, &len) != UTF8_WHOLE))
		n++;
	return n;
}

void castbuf_string(struct castbuf *b, const void *bytes, size_t len)
{
	/* bytes may be NULL when there are none */
	const uint8_t *at = len ? bytes : (const uint8_t *)"";
	const uint8_t *end = at + len;

	castbuf_raw(b, "\"", 1);
	while (at < end && !b->full) {
		const uint8_t *from = at;
		size_t n;

		while (at < end && plain(*at))
			at++;
		castbuf_raw(b, from, (size_t)(at - from));
		if (at == end)
			break;
		n = junk(at, (size_t)(end - at));
		if (n > 0) {
			castbuf_raw(b, "\xef\xbf\xbd", 3);
		} else if (*at < 0x80) {
			put_escaped(b, *at);
			n = 1;
		} else {
			(void)utf8_next(at, (size_t)(end - at), &n);
			castbuf_raw(b, at, n);
		}
		at += n;
	}
	castbuf_raw(b, "\"", 1);
}

void castbuf_base64(struct castbuf *b, const void *bytes, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *in = bytes;
	char *at = room(b, (len + 2) / 3 * 4 + 2);

	if (!at)
		return;
	*at++ = '"';
	for (size_t i = 0; i < len; i += 3) {
		uint32_t word = (uint32_t)in[i] << 16;

		if (i + 1 < len)
			word |= (uint32_t)in[i + 1] << 8;
		if (i + 2 < len)
			word |= in[i + 2];
		*at++ = digits[word >> 18];
		*at++ = digits[(word >> 12) & 63];
		*at++ = i + 1 < len ? digits[(word >> 6) & 63] : '=';
		*at++ = i + 2 < len ? digits[word & 63] : '=';
	}
	*at = '"';
}

static void put_key(struct castbuf *b, const char *key)
{
	if (b->len > 0 && b->bytes[b->len - 1] != '{')
		castbuf_raw(b, ",", 1);
	castbuf_raw(b, "\"", 1);
	castbuf_text(b, key);
	castbuf_raw(b, "\":", 2);
}

void castbuf_member(struct castbuf *b, const char *key, const char *value)
{
	put_key(b, key);
	castbuf_string(b, value, strlen(value));
}

void castbuf_member_number(struct castbuf *b, const char *key, uint64_t value)
{
	put_key(b, key);
	castbuf_number(b, value);
}
