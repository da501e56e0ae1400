/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SHA-256 of a file as it goes by. Answers to pipelined reads may come
 * out of order: what is ahead waits, up to a bound. Once something can't be
 * put in order any more there is no sum, and the file counts as partial.
 */
#ifndef JUMP_SFTP_SUM_H
#define JUMP_SFTP_SUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SUM_BYTES	32
#define SUM_AHEAD_MAX	(17 << 20) /* of a session: 64 reads of a client */
#define SUM_PIECES_MAX	128	   /* of a file */

struct sum_piece;

struct sum {
	void *digest;
	uint64_t next; /* all before it is in */
	bool broken;
	struct sum_piece *ahead; /* by offset */
	size_t pieces;
	size_t *ahead_bytes; /* of the session */
};

/* Once, before the sandbox: the library looks for its parts. 0/-errno */
int sum_setup(void);

/* *ahead_bytes is the session's count of what waits. 0/-ENOMEM */
int sum_init(struct sum *s, size_t *ahead_bytes);
void sum_done(struct sum *s);

void sum_feed(struct sum *s, uint64_t offset, const void *data, size_t len);

/* Whole from the first byte to `next`: true, and the sum (once). */
bool sum_final(struct sum *s, uint8_t ret_sum[SUM_BYTES]);

#endif
