/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A compiled file in memory, being put together: its cells with their
 * checksums, table by table. The reading side is grants/cells.h.
 */
#ifndef JUMP_GRANTS_IMAGE_H
#define JUMP_GRANTS_IMAGE_H

#include <stdbool.h>

#include "grants/encode.h"

struct image {
	enum cell_kind kind;
	uint64_t binding;
	int error; /* -errno of the first thing that failed */
	struct {
		uint8_t *cells;
		uint32_t count, capacity;
	} table[CELL_TABLES];
};

/* Starts a file; memory of an earlier one is kept for reuse. Zero-initialise
 * before the first. */
void image_start(struct image *i, enum cell_kind kind, uint64_t binding);
void image_done(struct image *i);
#define _cleanup_image_ __attribute__((cleanup(image_done)))

/* Adds a cell resp. a body. Failures are kept in `error`. */
void image_cell(struct image *i, enum cell_table table,
	const uint8_t payload[CELL_PAYLOAD]);
struct cell_ref image_body(struct image *i, const struct body *b);

/* Cells of the tables, from their fields. */
void image_named(struct image *i, enum cell_table table, struct cell_ref body);
void image_name(struct image *i, const char *name, uint32_t user);
struct image_user {
	const char *name;
	uint32_t uid;
	bool disabled;
	uint32_t grant_first, grant_count;
	struct cell_ref body;
};
void image_user(struct image *i, const struct image_user *u);
void image_grant(struct image *i, const struct grant *g, struct cell_ref body);

/*
 * The finished file: to fd, resp. into *bytes, memory of the caller's with
 * *room_bytes (NULL and 0 at first) that grows when it must. 0 or -errno.
 */
int image_write(struct image *i, int fd);
int image_flatten(
	struct image *i, uint8_t **bytes, size_t *room_bytes, size_t *ret_len);

#endif
