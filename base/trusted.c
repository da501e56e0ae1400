/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/trusted.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"

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

static int open_judged(int dirfd, const char *path, uid_t owner,
	size_t max_bytes, struct stat *ret_stat)
{
	_cleanup_close_ int fd = openat(
		dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int r;

	if (fd < 0)
		return errno == ELOOP ? -EPERM : -errno;
	if (fstat(fd, ret_stat) < 0)
		return -errno;
	r = judge(ret_stat, owner, max_bytes);
	return r < 0 ? r : TAKE_FD(fd);
}

int trusted_open(int dirfd, const char *path, uid_t owner, size_t max_bytes)
{
	struct stat st;

	return open_judged(dirfd, path, owner, max_bytes, &st);
}

int trusted_read(int dirfd, const char *path, uid_t owner, size_t max_bytes,
	char **ret_bytes, size_t *ret_len)
{
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *bytes = NULL;
	struct stat st;
	ssize_t n;

	fd = open_judged(dirfd, path, owner, max_bytes, &st);
	if (fd < 0)
		return fd;
	bytes = malloc((size_t)st.st_size + 1);
	if (!bytes)
		return -ENOMEM;
	n = fd_read_full(fd, bytes, (size_t)st.st_size);
	if (n < 0)
		return (int)n;
	if (n != st.st_size) /* shrank under us: somebody writes in place */
		return -EBUSY;
	bytes[n] = '\0';
	*ret_bytes = TAKE_PTR(bytes);
	*ret_len = (size_t)n;
	return 0;
}
