/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SHA-256 in hex, to say "the same bytes as last time".
 */
#ifndef JUMP_WORKERS_APPLY_DIGEST_H
#define JUMP_WORKERS_APPLY_DIGEST_H

#include <stddef.h>

#define DIGEST_SIZE 65 /* 64 hex digits and the NUL */

struct digest;

/* A digest of several parts, each with its length. NULL: no memory. */
struct digest *digest_new(void);
void digest_add(struct digest *d, const void *bytes, size_t len);
/* Ends it and frees it; 0 or -EIO. */
int digest_end(struct digest *d, char ret_hex[DIGEST_SIZE]);

/* Of one part alone, without its length: as sha256sum prints it. */
int digest_of(const void *bytes, size_t len, char ret_hex[DIGEST_SIZE]);

#endif
