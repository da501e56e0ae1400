/* SPDX-License-Identifier: BSD-2-Clause */
/* A memory file: written, sealed, mapped, summed. */
#include "sftp/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct spool *spool_new(void)
{
	struct spool *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->fd = memfd_create("upload", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (s->fd < 0) {
		free(s);
		return NULL;
	}
	return s;
}

void spool_free(struct spool *s)
{
	if (!s)
		return;
	if (s->map)
		(void)munmap((void *)(uintptr_t)s->map, s->size);
	(void)close(s->fd);
	free(s);
}

int spool_write(struct spool *s, uint64_t offset, const void *data, size_t len)
{
	const uint8_t *p = data;

	if (offset > s->size)
		return -ERANGE;
	while (len) {
		ssize_t n = pwrite(s->fd, p, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENOSPC;
		p += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
		if (offset > s->size)
			s->size = offset;
	}
	return 0;
}

static int sum_of_map(struct spool *s)
{
	size_t ahead = 0;
	struct sum sum;
	int r = sum_init(&sum, &ahead);

	if (r < 0)
		return r;
	sum_feed(&sum, 0, s->map, s->size);
	r = sum_final(&sum, s->sum) ? 0 : -EIO;
	sum_done(&sum);
	return r;
}

int spool_seal(struct spool *s)
{
	const int seals =
		F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
	void *map;
	int r;

	if (fcntl(s->fd, F_ADD_SEALS, seals) < 0)
		return -errno;
	if (s->size) {
		map = mmap(NULL, s->size, PROT_READ, MAP_PRIVATE, s->fd, 0);
		if (map == MAP_FAILED)
			return -errno;
		s->map = map;
	}
	r = sum_of_map(s);
	s->sealed = r == 0;
	return r;
}
