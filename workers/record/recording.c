/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/record/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/moment.h"

/* Static: the sandbox has no new memory to give, and pages not used cost
 * nothing. */
static char lines[CAST_BUF_SIZE];

/* All of one call in one write: a torn line can only be the last one. */
static int append(struct recording *r, const struct castbuf *b)
{
	int e;

	if (b->full)
		return -EMSGSIZE;
	e = fd_write_all(r->fd, b->bytes, b->len);
	if (e < 0)
		return e;
	sha256_update(&r->digest, b->len, (const uint8_t *)b->bytes);
	r->file_bytes += b->len;
	r->dirty = true;
	return 0;
}

static uint64_t elapsed_us(const struct recording *r)
{
	return (uint64_t)(moment_boot_ms() - r->start_ms) * 1000;
}

static int open_day(const char *dir, const char *day)
{
	_cleanup_close_ int root =
		open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (root < 0)
		return -errno;
	/* A new day's name must outlive a power cut as its files do. */
	if (mkdirat(root, day, 0750) == 0 ? fsync(root) < 0 : errno != EEXIST)
		return -errno;
	fd = openat(root, day, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int create(
	struct recording *r, const char *dir, const struct cast_identity *id)
{
	char day[MOMENT_TEXT_SIZE];
	int n;

	moment_format(id->started, day);
	day[strlen("2026-11-23")] = '\0';
	n = snprintf(r->name, sizeof(r->name), "%s/%s.%s.cast", day,
		id->session, id->conn);
	if (n < 0 || (size_t)n >= sizeof(r->name))
		return -ENAMETOOLONG;
	r->day_fd = open_day(dir, day);
	if (r->day_fd < 0)
		return r->day_fd;
	r->fd = openat(r->day_fd, r->name + strlen(day) + 1,
		O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
		0640);
	if (r->fd < 0)
		return -errno;
	return fchmod(r->fd, 0640) < 0 ? -errno : 0;
}

int recording_begin(
	struct recording *r, const char *dir, const struct cast_identity *id)
{
	struct castbuf b;
	int e;

	*r = (struct recording){.fd = -1, .day_fd = -1};
	sha256_init(&r->digest);
	r->start_ms = r->synced_ms = moment_boot_ms();
	e = create(r, dir, id);
	if (e == 0) {
		castbuf_init(&b, lines, sizeof(lines));
		cast_header(&b, id);
		e = append(r, &b);
	}
	if (e < 0) {
		cleanup_close(&r->fd);
		cleanup_close(&r->day_fd);
		r->fd = r->day_fd = -1;
	}
	return e;
}

int recording_output(struct recording *r, const void *bytes, size_t len)
{
	struct castbuf b;
	int e;

	castbuf_init(&b, lines, sizeof(lines));
	cast_output(&r->cast, &b, elapsed_us(r), bytes, len);
	e = append(r, &b);
	if (e == 0)
		r->shown_bytes += len;
	return e;
}

int recording_event(struct recording *r, char code, const char *text)
{
	struct castbuf b;

	castbuf_init(&b, lines, sizeof(lines));
	cast_event(&b, elapsed_us(r), code, text);
	return append(r, &b);
}

int recording_sync(struct recording *r)
{
	r->synced_ms = moment_boot_ms();
	if (!r->dirty)
		return 0;
	if (fdatasync(r->fd) < 0)
		return -errno;
	if (r->day_fd >= 0) {
		if (fsync(r->day_fd) < 0)
			return -errno;
		cleanup_close(&r->day_fd);
		r->day_fd = -1;
	}
	r->dirty = false;
	return 0;
}

int recording_free_mib(const struct recording *r, uint64_t *ret_mib)
{
	struct statvfs fs;

	if (fstatvfs(r->fd, &fs) < 0)
		return -errno;
	*ret_mib = (uint64_t)fs.f_bavail * fs.f_frsize / (1024 * 1024);
	return 0;
}

static void digest_text(
	struct recording *r, char ret_text[RECORDING_DIGEST_SIZE])
{
	uint8_t raw[SHA256_DIGEST_SIZE];

	sha256_digest(&r->digest, sizeof(raw), raw);
	memcpy(ret_text, "sha256:", 8);
	for (size_t i = 0; i < sizeof(raw); i++)
		snprintf(ret_text + 7 + 2 * i, 3, "%02x", raw[i]);
}

int recording_end(struct recording *r, const char *reason,
	char ret_digest[RECORDING_DIGEST_SIZE])
{
	int written = recording_event(r, 'e', reason);
	int synced = recording_sync(r);

	digest_text(r, ret_digest);
	cleanup_close(&r->fd);
	cleanup_close(&r->day_fd);
	r->fd = r->day_fd = -1;
	return written < 0 ? written : synced;
}
