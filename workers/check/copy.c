/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/check/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

#define SEALS	   (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#define CHUNK_SIZE 65536

static int judge(int fd, uint64_t max_bytes, uint64_t *ret_size)
{
	struct stat st;
	int seals;

	if (fstat(fd, &st) < 0)
		return -errno;
	seals = fcntl(fd, F_GET_SEALS);
	if (!S_ISREG(st.st_mode) || seals < 0 || (seals & SEALS) != SEALS)
		return -EPERM;
	if (st.st_size < 0 || (uint64_t)st.st_size > max_bytes)
		return -EFBIG;
	*ret_size = (uint64_t)st.st_size;
	return 0;
}

static int move(int from, int to, uint64_t size, struct sha256_ctx *sum)
{
	static uint8_t chunk[CHUNK_SIZE];
	uint64_t at = 0;

	while (at < size) {
		size_t want = size - at < CHUNK_SIZE ? (size_t)(size - at)
						     : CHUNK_SIZE;
		ssize_t n = pread(from, chunk, want, (off_t)at);
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		sha256_update(sum, (size_t)n, chunk);
		r = fd_write_all(to, chunk, (size_t)n);
		if (r < 0)
			return r;
		at += (uint64_t)n;
	}
	return 0;
}

static void put_digest(struct sha256_ctx *sum, char *ret)
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	int len = snprintf(ret, COPY_DIGEST_SIZE, "sha256:");

	sha256_digest(sum, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		len += snprintf(ret + len, COPY_DIGEST_SIZE - (size_t)len,
			"%02x", digest[i]);
}

int copy_make(int from, uint64_t max_bytes, struct copy *ret_copy)
{
	_cleanup_close_ int fd =
		memfd_create("jump-check", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct sha256_ctx sum;
	uint64_t size = 0;
	int r;

	if (fd < 0)
		return -errno;
	r = judge(from, max_bytes, &size);
	if (r < 0)
		return r;
	sha256_init(&sum);
	r = move(from, fd, size, &sum);
	if (r < 0)
		return r;
	if (fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) < 0 ||
		lseek(fd, 0, SEEK_SET) != 0)
		return -errno;
	put_digest(&sum, ret_copy->digest);
	ret_copy->size = size;
	ret_copy->fd = TAKE_FD(fd);
	return 0;
}
