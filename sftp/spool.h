/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file that is to be checked before it is released: in memory, and nowhere
 * else, until the verdict.
 */
#ifndef JUMP_SFTP_SPOOL_H
#define JUMP_SFTP_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sftp/sum.h"

#define SPOOLS_MAX 2 /* at once in a session */

struct spool {
	int fd;
	uint64_t size;
	bool sealed;
	const uint8_t *map; /* after sealing */
	uint8_t sum[SUM_BYTES];
};

struct spool *spool_new(void);
void spool_free(struct spool *s);

/* 0; -ERANGE: it would leave a hole; -errno of the write. */
int spool_write(
	struct spool *s, uint64_t offset, const void *data, size_t len);

/* No more changes, by anyone: then map and sum are there. 0/-errno */
int spool_seal(struct spool *s);

#endif
