/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cells: the one building block of the compiled files (doc/formats/rights.md).
 * A file is a row of 64-byte cells, each with its own checksum that is looked
 * at on every read; a table is a run of cells; what is longer than a cell is
 * a body, a run of cells in the last table. This is the reading side.
 */
#ifndef JUMP_GRANTS_CELLS_H
#define JUMP_GRANTS_CELLS_H

#include <stddef.h>
#include <stdint.h>

#define CELL_SIZE	64
#define CELL_PAYLOAD	56
#define CELL_MAGIC	"JUMPRGT2"
#define CELL_MAGIC_LEN	8
#define CELL_BODY_MAX	16384 /* bytes of one body */
#define CELLS_MAX_BYTES ((size_t)512 << 20)

/* On disk: never renumber. The order is the order in the file. */
enum cell_table {
	CELL_HEADER = 0,
	CELL_USERS = 1,	   /* by uid */
	CELL_NAMES = 2,	   /* by name, to an index of users */
	CELL_ZONES = 3,	   /* by name */
	CELL_TARGETS = 4,  /* by name */
	CELL_CONDUITS = 5, /* in the order of the policy */
	CELL_GRANTS = 6,   /* by uid, then not_before */
	CELL_BODY = 7,
	CELL_TABLES
};

enum cell_kind {
	CELL_KIND_NONE = 0,
	CELL_KIND_INFO = 1, /* of a generation, one body */
	CELL_KIND_ALL = 2,  /* rights.db */
	CELL_KIND_USER = 3, /* users/UID */
};

/* A body: its first cell and its length. */
struct cell_ref {
	uint32_t first;
	uint32_t len_bytes;
};

/* The checksum of a payload in its place. */
uint64_t cell_checksum(uint64_t binding, enum cell_table table, uint32_t index,
	const uint8_t payload[CELL_PAYLOAD]);

/* An open file; the descriptor is borrowed. */
struct cells {
	int fd;
	enum cell_kind kind;
	uint64_t binding; /* generation resp. uid: takes part in checksums */
	uint32_t count[CELL_TABLES];
	uint64_t start[CELL_TABLES]; /* in cells from the start of the file */
};

/*
 * Judges header and size. Returns 0; -EBADMSG: corrupt; another -errno of
 * reading. All of them: deny. Source: threat T-CORRUPT.
 */
int cells_open(int fd, struct cells *ret_cells);

/*
 * Reads one cell of a table. Returns 0; -EBADMSG when there is no such cell
 * or its checksum is off.
 */
int cells_read(const struct cells *c, enum cell_table table, uint32_t index,
	uint8_t ret_payload[CELL_PAYLOAD]);

/*
 * Reads a whole body into CELL_BODY_MAX bytes of the caller's. Returns 0 (the
 * length is the ref's); -EBADMSG as above.
 */
int cells_read_body(const struct cells *c, struct cell_ref ref,
	uint8_t ret_body[CELL_BODY_MAX]);

#endif
