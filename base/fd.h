/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole reads and writes on file descriptors, and durable replacement of a
 * file: what read(2), write(2) and rename(2) leave to their callers.
 */
#ifndef JUMP_BASE_FD_H
#define JUMP_BASE_FD_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Writes all len_bytes of data, going on after EINTR and short writes.
 * Returns 0, or -errno of the write that failed (some bytes may be out).
 * Source: write(2).
 */
int fd_write_all(int fd, const void *data, size_t len_bytes);

/*
 * Reads until size_bytes are in buffer or the end is reached. Returns the
 * number of bytes read, or -errno. Source: read(2).
 */
ssize_t fd_read_full(int fd, void *buffer, size_t size_bytes);

/*
 * Replaces dirfd/name by a file of these bytes: written to a temporary name
 * beside it, mode and owner set before the name shows, synced, renamed, the
 * folder synced. A reader sees the old bytes or the new ones. uid or gid -1
 * leaves that owner alone. A durable one needs a real dirfd. Returns 0 or -errno; on error the old file stays.
 * Source: rename(2), fsync(2); threat T-TORN.
 */
struct fd_replace {
	const char *name; /* one path component */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	int durable; /* 0: no fsync, for files under /run */
};
int fd_replace_file(
	int dirfd, const struct fd_replace *how, const void *data, size_t len);

/* Closes every descriptor from lowest upwards. Source: close_range(2). */
void fd_close_from(int lowest);

#endif
