/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file of cells from any bytes: as they are, or with all checksums put
 * right, so that what lies behind them is reached too.
 */
#ifndef JUMP_TESTS_FUZZ_CELLFILE_H
#define JUMP_TESTS_FUZZ_CELLFILE_H

#include <endian.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "grants/cells.h"

static inline void put(int fd, const uint8_t *data, size_t size)
{
	if (ftruncate(fd, 0) < 0 || ftruncate(fd, (off_t)size) < 0 ||
		pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
}

static inline uint32_t u32_at(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return le32toh(value);
}

static inline void seal(
	uint8_t *cell, uint64_t binding, int table, uint32_t index)
{
	uint64_t sum = htole64(
		cell_checksum(binding, (enum cell_table)table, index, cell));

	memcpy(cell + CELL_PAYLOAD, &sum, sizeof(sum));
}

/* All checksums as a writer would have made them; what is behind the last
 * whole table gets one of the last table's. */
static inline void reseal(uint8_t *bytes, size_t size)
{
	size_t at = CELL_SIZE;
	uint64_t binding;

	if (size < CELL_SIZE)
		return;
	memcpy(&binding, bytes + 12, sizeof(binding));
	binding = le64toh(binding);
	seal(bytes, 0, CELL_HEADER, 0);
	for (int table = CELL_USERS; table < CELL_TABLES; table++) {
		uint32_t count = u32_at(bytes + 20 + 4 * (table - 1));

		for (uint32_t i = 0; i < count && at + CELL_SIZE <= size; i++) {
			seal(bytes + at, binding, table, i);
			at += CELL_SIZE;
		}
	}
}

#define FILE_MAX ((size_t)1 << 20)

/* Has `read` look at the bytes in both ways. */
static inline int cellfile_read(
	const uint8_t *data, size_t size, void (*read)(int fd))
{
	static int fd = -1;
	uint8_t *copy;

	if (fd < 0)
		fd = memfd_create("cells", MFD_CLOEXEC);
	if (fd < 0 || size > FILE_MAX)
		return 0;
	put(fd, data, size);
	read(fd);
	copy = malloc(size + 1);
	if (!copy)
		return 0;
	memcpy(copy, data, size);
	reseal(copy, size);
	put(fd, copy, size);
	free(copy);
	read(fd);
	return 0;
}

#endif
