/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cells are sealed as they are added: their place is known then. What comes
 * before all others in the file, the header, is sealed last.
 */
#include "grants/image.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

void image_start(struct image *i, enum cell_kind kind, uint64_t binding)
{
	i->kind = kind;
	i->binding = binding;
	i->error = 0;
	for (int t = 0; t < CELL_TABLES; t++)
		i->table[t].count = 0;
}

void image_done(struct image *i)
{
	for (int t = 0; t < CELL_TABLES; t++)
		free(i->table[t].cells);
	memset(i, 0, sizeof(*i));
}

/* Room for n more cells at the end of a table; NULL once failed. */
static uint8_t *more_cells(struct image *i, enum cell_table table, uint32_t n)
{
	uint32_t count = i->table[table].count;
	uint8_t *cells = i->table[table].cells;

	if (i->error < 0)
		return NULL;
	if (n > CELLS_MAX_BYTES / CELL_SIZE - count) {
		i->error = -EFBIG;
		return NULL;
	}
	if (count + n > i->table[table].capacity) {
		uint32_t capacity = (count + n) * 2;

		cells = reallocarray(cells, capacity, CELL_SIZE);
		if (!cells) {
			i->error = -ENOMEM;
			return NULL;
		}
		i->table[table].cells = cells;
		i->table[table].capacity = capacity;
	}
	i->table[table].count = count + n;
	return cells + (size_t)count * CELL_SIZE;
}

static void seal_cell(
	uint8_t *cell, uint64_t binding, enum cell_table table, uint32_t index)
{
	uint64_t sum = htole64(cell_checksum(binding, table, index, cell));

	memcpy(cell + CELL_PAYLOAD, &sum, sizeof(sum));
}

void image_cell(struct image *i, enum cell_table table,
	const uint8_t payload[CELL_PAYLOAD])
{
	uint8_t *cell = more_cells(i, table, 1);

	if (!cell)
		return;
	memcpy(cell, payload, CELL_PAYLOAD);
	seal_cell(cell, i->binding, table, i->table[table].count - 1);
}

struct cell_ref image_body(struct image *i, const struct body *b)
{
	struct cell_ref ref = {i->table[CELL_BODY].count, (uint32_t)b->len};
	uint32_t n = (ref.len_bytes + CELL_PAYLOAD - 1) / CELL_PAYLOAD;
	uint8_t *cell;

	if (b->failed && i->error == 0)
		i->error = -EMSGSIZE;
	cell = more_cells(i, CELL_BODY, n);
	for (uint32_t k = 0; cell && k < n; k++, cell += CELL_SIZE) {
		size_t at = (size_t)k * CELL_PAYLOAD;
		size_t left = b->len - at;

		if (left >= CELL_PAYLOAD) {
			memcpy(cell, b->bytes + at, CELL_PAYLOAD);
		} else {
			memset(cell, 0, CELL_PAYLOAD);
			memcpy(cell, b->bytes + at, left);
		}
		seal_cell(cell, i->binding, CELL_BODY, ref.first + k);
	}
	return ref;
}

/* Little-endian fields, one after the other, into a zeroed payload. */
struct fields {
	size_t len;
	uint8_t payload[CELL_PAYLOAD];
};

static void field(struct fields *f, uint64_t value, size_t size)
{
	for (size_t k = 0; k < size; k++)
		f->payload[f->len + k] = (uint8_t)(value >> (8 * k));
	f->len += size;
}

static void field_name(struct fields *f, const char *name)
{
	size_t len = strnlen(name, NAME_MAX_LEN);

	memcpy(f->payload + f->len, name, len);
	f->len += NAME_SIZE;
}

static void field_ref(struct fields *f, struct cell_ref ref)
{
	field(f, ref.first, 4);
	field(f, ref.len_bytes, 4);
}

void image_named(struct image *i, enum cell_table table, struct cell_ref body)
{
	struct fields f = {0};

	field_ref(&f, body);
	image_cell(i, table, f.payload);
}

void image_name(struct image *i, const char *name, uint32_t user)
{
	struct fields f = {0};

	field_name(&f, name);
	field(&f, user, 4);
	image_cell(i, CELL_NAMES, f.payload);
}

void image_user(struct image *i, const struct image_user *u)
{
	struct fields f = {0};

	field(&f, u->uid, 4);
	field(&f, u->disabled, 4);
	field_name(&f, u->name);
	field(&f, u->grant_first, 4);
	field(&f, u->grant_count, 4);
	field_ref(&f, u->body);
	image_cell(i, CELL_USERS, f.payload);
}

void image_grant(struct image *i, const struct grant *g, struct cell_ref body)
{
	struct fields f = {0};

	field_ref(&f, body);
	field(&f, g->uid, 4);
	field(&f, g->revoked, 4);
	field(&f, (uint64_t)g->not_before, 8);
	field(&f, (uint64_t)g->not_after, 8);
	image_cell(i, CELL_GRANTS, f.payload);
}

static void seal_header(struct image *i, uint8_t header[CELL_SIZE])
{
	struct fields f = {0};

	memcpy(f.payload, CELL_MAGIC, CELL_MAGIC_LEN);
	f.len = CELL_MAGIC_LEN;
	field(&f, (uint64_t)i->kind, 4);
	field(&f, i->binding, 8);
	for (int t = CELL_USERS; t < CELL_TABLES; t++)
		field(&f, i->table[t].count, 4);
	memcpy(header, f.payload, CELL_PAYLOAD);
	seal_cell(header, 0, CELL_HEADER, 0);
}

int image_write(struct image *i, int fd)
{
	uint8_t header[CELL_SIZE];
	int e = i->error;

	seal_header(i, header);
	if (e == 0)
		e = fd_write_all(fd, header, sizeof(header));
	for (int t = CELL_USERS; e == 0 && t < CELL_TABLES; t++)
		e = fd_write_all(fd, i->table[t].cells,
			(size_t)i->table[t].count * CELL_SIZE);
	return e;
}

int image_flatten(
	struct image *i, uint8_t **bytes, size_t *room_bytes, size_t *ret_len)
{
	size_t cells = 1, at = CELL_SIZE;

	for (int t = CELL_USERS; t < CELL_TABLES; t++)
		cells += i->table[t].count;
	if (i->error < 0)
		return i->error;
	if (cells * CELL_SIZE > *room_bytes) {
		free(*bytes);
		*room_bytes = 0;
		*bytes = malloc(cells * CELL_SIZE * 2);
		if (!*bytes)
			return -ENOMEM;
		*room_bytes = cells * CELL_SIZE * 2;
	}
	seal_header(i, *bytes);
	for (int t = CELL_USERS; t < CELL_TABLES; t++) {
		size_t len = (size_t)i->table[t].count * CELL_SIZE;

		if (len > 0)
			memcpy(*bytes + at, i->table[t].cells, len);
		at += len;
	}
	*ret_len = at;
	return 0;
}
