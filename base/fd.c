/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

int fd_write_all(int fd, const void *data, size_t len_bytes)
{
	const uint8_t *at = data;

	while (len_bytes > 0) {
		ssize_t n = write(fd, at, len_bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		len_bytes -= (size_t)n;
	}
	return 0;
}

ssize_t fd_read_full(int fd, void *buffer, size_t size_bytes)
{
	uint8_t *at = buffer;
	size_t have = 0;

	while (have < size_bytes) {
		ssize_t n = read(fd, at + have, size_bytes - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

/* A name that no other writer has: ".NAME.xxxxxxxx". */
static int temporary_name(const char *name, char *ret, size_t size)
{
	uint32_t random;
	int n;

	if (!name[0] || strchr(name, '/'))
		return -EINVAL;
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -errno;
	n = snprintf(ret, size, ".%s.%08x", name, random);
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

static int fill(
	int fd, const struct fd_replace *how, const void *data, size_t len)
{
	int r = fd_write_all(fd, data, len);

	if (r < 0)
		return r;
	if ((how->uid != (uid_t)-1 || how->gid != (gid_t)-1) &&
		fchown(fd, how->uid, how->gid) < 0)
		return -errno;
	if (fchmod(fd, how->mode) < 0)
		return -errno;
	if (how->durable && fsync(fd) < 0)
		return -errno;
	return 0;
}

int fd_replace_file(
	int dirfd, const struct fd_replace *how, const void *data, size_t len)
{
	_cleanup_close_ int fd = -1;
	char temporary[300];
	int r;

	if (how->durable && dirfd == AT_FDCWD)
		return -EINVAL; /* which folder would be synced? */
	r = temporary_name(how->name, temporary, sizeof(temporary));
	if (r < 0)
		return r;
	fd = openat(dirfd, temporary,
		O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	r = fill(fd, how, data, len);
	if (r == 0 && renameat(dirfd, temporary, dirfd, how->name) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlinkat(dirfd, temporary, 0);
		return r;
	}
	if (how->durable && fsync(dirfd) < 0)
		return -errno;
	return 0;
}

void fd_close_from(int lowest)
{
	if (close_range((unsigned)lowest, ~0u, 0) == 0)
		return;
	for (int fd = lowest; fd < 65536; fd++)
		(void)close(fd);
}
