/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/filter/forwarding.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"

/* 1: on, 0: off or not there (an interface may go away), -errno. */
static int is_on(int dirfd, const char *path)
{
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	char text[8] = "";
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	n = fd_read_full(fd, text, sizeof(text) - 1);
	if (n < 0)
		return (int)n;
	return text[0] != '0';
}

static int count_family(
	int root, const char *family, char *ret_first, size_t size)
{
	_cleanup_closedir_ DIR *dir = NULL;
	char path[512];
	int fd, count = 0;

	snprintf(path, sizeof(path), "%s/conf", family);
	fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) /* a kernel without this family forwards none of it */
		return errno == ENOENT ? 0 : -errno;
	dir = fdopendir(fd);
	if (!dir) {
		cleanup_close(&fd);
		return -ENOMEM;
	}
	for (const struct dirent *e; (e = readdir(dir));) {
		int r;

		/* "default" is what later interfaces will get: it counts. */
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/conf/%s/forwarding", family,
			e->d_name);
		r = is_on(root, path);
		if (r < 0)
			return r;
		if (r > 0 && count++ == 0)
			snprintf(ret_first, size, "%s", path);
	}
	return count;
}

int forwarding_count(const char *root, char *ret_first, size_t size)
{
	_cleanup_close_ int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char six[256] = "";
	int four_count, six_count;

	if (fd < 0)
		return -errno;
	ret_first[0] = '\0';
	four_count = count_family(fd, "ipv4", ret_first, size);
	if (four_count < 0)
		return four_count;
	six_count = count_family(fd, "ipv6", six, sizeof(six));
	if (six_count < 0)
		return six_count;
	if (four_count == 0)
		snprintf(ret_first, size, "%s", six);
	return four_count + six_count;
}
