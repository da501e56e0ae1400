/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What rights.c and view.c share of an open file. Beside them only the fuzz
 * target includes it.
 */
#ifndef JUMP_GRANTS_READER_H
#define JUMP_GRANTS_READER_H

#include "grants/cells.h"
#include "grants/decode.h"

struct rights {
	int fd;
	struct cells cells;
	struct rights_info info;
	uint8_t body[CELL_BODY_MAX]; /* scratch of one read */
	struct decoded_user user;    /* scratch of one user */
};

struct user_cell {
	uint32_t uid;
	bool disabled;
	char name[NAME_SIZE];
	uint32_t grant_first;
	uint32_t grant_count;
	struct cell_ref body;
};

/* 0; -ENOENT: no such user; -EBADMSG and others: deny. */
int reader_find_uid(struct rights *r, uint32_t uid, struct user_cell *ret_user);

/* Reads a body into r->body and sets the cursor on it. */
int reader_body(struct rights *r, struct cell_ref ref, struct cursor *ret_in);

/* Takes the generation's info from its file; r->cells is open. */
int reader_attach(struct rights *r, int info_fd);

#endif
