/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads cells with pread(2), never by a map: a file that is cut short under a
 * map kills the process that reads it. Every index is checked against the
 * counts, the counts against the size that fstat(2) gave.
 */
#include "grants/cells.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cursor.h"
#include "grants/siphash.h"

#define BODY_CELLS_MAX ((CELL_BODY_MAX + CELL_PAYLOAD - 1) / CELL_PAYLOAD)

uint64_t cell_checksum(uint64_t binding, enum cell_table table, uint32_t index,
	const uint8_t payload[CELL_PAYLOAD])
{
	return siphash(
		binding, (uint64_t)table << 32 | index, payload, CELL_PAYLOAD);
}

static int read_at(int fd, void *buffer, size_t len, uint64_t at)
{
	uint8_t *bytes = buffer;

	for (size_t done = 0; done < len;) {
		ssize_t n =
			pread(fd, bytes + done, len - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EBADMSG;
		done += (size_t)n;
	}
	return 0;
}

static int check_cell(const uint8_t cell[CELL_SIZE], uint64_t binding,
	enum cell_table table, uint32_t index)
{
	uint64_t sum;

	memcpy(&sum, cell + CELL_PAYLOAD, sizeof(sum));
	if (le64toh(sum) != cell_checksum(binding, table, index, cell))
		return -EBADMSG;
	return 0;
}

static int parse_header(const uint8_t payload[CELL_PAYLOAD], struct cells *c)
{
	struct cursor in;
	const void *magic;
	uint64_t at = 1;
	uint32_t kind;

	cursor_init(&in, payload, CELL_PAYLOAD);
	magic = cursor_bytes(&in, CELL_MAGIC_LEN);
	if (!magic || memcmp(magic, CELL_MAGIC, CELL_MAGIC_LEN) != 0)
		return -EBADMSG;
	kind = cursor_u32(&in);
	if (kind < CELL_KIND_INFO || kind > CELL_KIND_USER)
		return -EBADMSG;
	c->kind = (enum cell_kind)kind;
	c->binding = cursor_u64(&in);
	c->count[CELL_HEADER] = 1;
	for (int t = CELL_USERS; t < CELL_TABLES; t++) {
		c->count[t] = cursor_u32(&in);
		c->start[t] = at;
		at += c->count[t];
	}
	while (cursor_left(&in) > 0)
		if (cursor_u8(&in) != 0)
			return -EBADMSG;
	return in.failed ? -EBADMSG : 0;
}

int cells_open(int fd, struct cells *ret_cells)
{
	uint8_t cell[CELL_SIZE];
	struct cells c = {.fd = fd};
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size < CELL_SIZE ||
		(uint64_t)st.st_size > CELLS_MAX_BYTES)
		return -EBADMSG;
	r = read_at(fd, cell, sizeof(cell), 0);
	if (r == 0)
		r = check_cell(cell, 0, CELL_HEADER, 0);
	if (r == 0)
		r = parse_header(cell, &c);
	if (r < 0)
		return r;
	if ((c.start[CELL_BODY] + c.count[CELL_BODY]) * CELL_SIZE !=
		(uint64_t)st.st_size)
		return -EBADMSG;
	*ret_cells = c;
	return 0;
}

int cells_read(const struct cells *c, enum cell_table table, uint32_t index,
	uint8_t ret_payload[CELL_PAYLOAD])
{
	uint8_t cell[CELL_SIZE];
	int r;

	if (table <= CELL_HEADER || table >= CELL_TABLES ||
		index >= c->count[table])
		return -EBADMSG;
	r = read_at(c->fd, cell, sizeof(cell),
		(c->start[table] + index) * CELL_SIZE);
	if (r == 0)
		r = check_cell(cell, c->binding, table, index);
	if (r < 0)
		return r;
	memcpy(ret_payload, cell, CELL_PAYLOAD);
	return 0;
}

int cells_read_body(const struct cells *c, struct cell_ref ref,
	uint8_t ret_body[CELL_BODY_MAX])
{
	uint8_t raw[BODY_CELLS_MAX * CELL_SIZE];
	uint32_t n = (ref.len_bytes + CELL_PAYLOAD - 1) / CELL_PAYLOAD;
	int r;

	if (ref.len_bytes > CELL_BODY_MAX || ref.first > c->count[CELL_BODY] ||
		n > c->count[CELL_BODY] - ref.first)
		return -EBADMSG;
	r = read_at(c->fd, raw, (size_t)n * CELL_SIZE,
		(c->start[CELL_BODY] + ref.first) * CELL_SIZE);
	for (uint32_t i = 0; r == 0 && i < n; i++) {
		const uint8_t *cell = raw + (size_t)i * CELL_SIZE;
		size_t at = (size_t)i * CELL_PAYLOAD;
		size_t left = ref.len_bytes - at;

		r = check_cell(cell, c->binding, CELL_BODY, ref.first + i);
		memcpy(ret_body + at, cell,
			left < CELL_PAYLOAD ? left : CELL_PAYLOAD);
	}
	return r;
}
