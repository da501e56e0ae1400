/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file as it will be judged: a copy of our own, in memory, that nobody
 * else can change or move about in while the program reads it.
 */
#ifndef JUMP_WORKERS_CHECK_COPY_H
#define JUMP_WORKERS_CHECK_COPY_H

#include <stdint.h>

#define COPY_DIGEST_SIZE 80 /* "sha256:..." */

struct copy {
	int fd; /* at its beginning; the caller's */
	uint64_t size;
	char digest[COPY_DIGEST_SIZE];
};

/*
 * Takes what `from` has, which must be a sealed file in memory (no more
 * writing, growing, shrinking) of at most max_bytes. 0; -EPERM: it is not;
 * -EFBIG; another -errno.
 */
int copy_make(int from, uint64_t max_bytes, struct copy *ret_copy);

#endif
