/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/trusted.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/cleanup.h"

static int judge(const struct stat *st, uid_t owner, size_t max_bytes)
{
	if (!S_ISREG(st->st_mode))
		return -EPERM;
	if (st->st_uid != owner || (st->st_mode & (S_IWGRP | S_IWOTH)))
		return -EPERM;
	if (st->st_size < 0 || (uint64_t)st->st_size > max_bytes)
		return -EFBIG;
	return 0;
}

int trusted_open(int dirfd, const char *path, uid_t owner, size_t max_bytes)
{
	struct stat st;
	_cleanup_close_ int fd = openat(
		dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int r;

	if (fd < 0)
		return errno == ELOOP ? -EPERM : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	r = judge(&st, owner, max_bytes);
	return r < 0 ? r : TAKE_FD(fd);
}
