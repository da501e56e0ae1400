/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames of SFTP: taken apart through the bounded cursor, and built into a
 * bounded buffer. Both stay failed once they failed.
 */
#ifndef JUMP_SFTP_FRAME_H
#define JUMP_SFTP_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cursor.h"

struct bytes {
	const uint8_t *data; /* borrowed from the frame */
	size_t len;
};

struct frame {
	uint8_t type;
	struct cursor rest; /* after the type */
};

/*
 * The first frame of the data. Returns its length in bytes with its length
 * word; 0: it is not all there yet; -EBADMSG: empty, or longer than
 * SFTP_FRAME_MAX.
 */
ssize_t frame_next(const uint8_t *data, size_t len, struct frame *ret_frame);

/* Big-endian; 0 and empty once failed. */
uint32_t frame_u32(struct cursor *c);
uint64_t frame_u64(struct cursor *c);
struct bytes frame_string(struct cursor *c);
bool bytes_are(struct bytes b, const char *text);

struct build {
	uint8_t *data;
	size_t len, size;
	bool failed;
};

/* The length word is written by build_end(). */
void build_init(struct build *b, void *buffer, size_t size);
void build_begin(struct build *b, uint8_t type, uint32_t id);
void build_u8(struct build *b, uint8_t value);
void build_u32(struct build *b, uint32_t value);
void build_u64(struct build *b, uint64_t value);
void build_raw(struct build *b, const void *data, size_t len);
void build_string(struct build *b, const void *data, size_t len);
void build_text(struct build *b, const char *text);

/* With body_len more bytes to follow that the caller sends himself. */
void build_end(struct build *b, size_t body_len);

#endif
