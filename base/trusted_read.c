/* SPDX-License-Identifier: BSD-2-Clause */
/* A file of its own: nss_jump has trusted_open() and allocates nothing. */
#include "base/trusted.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"

int trusted_read(int dirfd, const char *path, uid_t owner, size_t max_bytes,
	char **ret_bytes, size_t *ret_len)
{
	_cleanup_close_ int fd = -1;
	_cleanup_free_ char *bytes = NULL;
	struct stat st;
	ssize_t n;

	fd = trusted_open(dirfd, path, owner, max_bytes);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if ((uint64_t)st.st_size > max_bytes) /* grew since */
		return -EFBIG;
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
