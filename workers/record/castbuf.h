/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bounded buffer that JSON is written into: the recorder's only writer.
 * After the first thing that does not fit it stays full, and nothing of it
 * may be used.
 */
#ifndef JUMP_WORKERS_RECORD_CASTBUF_H
#define JUMP_WORKERS_RECORD_CASTBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct castbuf {
	char *bytes; /* borrowed */
	size_t size;
	size_t len;
	bool full;
};

void castbuf_init(struct castbuf *b, void *bytes, size_t size);
void castbuf_raw(struct castbuf *b, const void *bytes, size_t len);
void castbuf_text(struct castbuf *b, const char *text); /* as it is */
void castbuf_number(struct castbuf *b, uint64_t value);
/* Seconds with six decimals. */
void castbuf_time(struct castbuf *b, uint64_t us);

/*
 * A JSON string of these bytes: runs of bytes that are not UTF-8, and NULs,
 * become one U+FFFD each. Control characters are escaped.
 */
void castbuf_string(struct castbuf *b, const void *bytes, size_t len);

/* A JSON string with the base64 of these bytes. Source: RFC 4648. */
void castbuf_base64(struct castbuf *b, const void *bytes, size_t len);

/* "key":"value" resp. "key":value, with a comma before it unless first. */
void castbuf_member(struct castbuf *b, const char *key, const char *value);
void castbuf_member_number(struct castbuf *b, const char *key, uint64_t value);

#endif
