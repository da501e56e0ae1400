/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that we believe: regular, of the expected owner, not writable by
 * group or others, of bounded size; judged on the open descriptor, so that
 * nothing can be swapped between the look and the use.
 */
#ifndef JUMP_BASE_TRUSTED_H
#define JUMP_BASE_TRUSTED_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Opens dirfd/path for reading (O_CLOEXEC|O_NOFOLLOW|O_NONBLOCK) and judges
 * it. Returns a descriptor the caller owns, or -errno: -EPERM for a wrong
 * owner, mode or kind; -EFBIG above max_bytes. Source: threat T-SWAP.
 */
int trusted_open(int dirfd, const char *path, uid_t owner, size_t max_bytes);

/*
 * The whole file as bytes plus a NUL behind them, which the caller frees.
 * -EBUSY when it shrank while it was read.
 */
int trusted_read(int dirfd, const char *path, uid_t owner, size_t max_bytes,
	char **ret_bytes, size_t *ret_len);

#endif
