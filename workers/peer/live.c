/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lock is flock(2): it belongs to the open file, so it ends exactly when
 * the recorder does, and asking for it needs no right to write.
 */
#include "workers/peer/live.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/keyfile.h"

static int open_folder(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int fill(int fd, const struct live *what)
{
	struct keyfile_writer w = {0};

	keyfile_add(&w, "session", what->session);
	keyfile_add_number(&w, "uid", what->uid);
	keyfile_add(&w, "target", what->target);
	keyfile_add(&w, "proto", what->proto);
	keyfile_add_number(&w, "pid", (uint64_t)getpid());
	if (w.error)
		return w.error;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	if (fchmod(fd, 0640) < 0)
		return -errno;
	return fd_write_all(fd, w.bytes, w.len);
}

int live_create(const char *dir, const struct live *what)
{
	_cleanup_close_ int dirfd = open_folder(dir);
	_cleanup_close_ int fd = -1;
	int r;

	if (dirfd < 0)
		return dirfd;
	if (!conn_valid(what->conn))
		return -EINVAL;
	fd = openat(dirfd, what->conn,
		O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	r = fill(fd, what);
	if (r < 0) {
		(void)unlinkat(dirfd, what->conn, 0);
		return r;
	}
	return TAKE_FD(fd);
}

/* A file that is being made is locked before anything stands in it. */
static void sweep_one(int dirfd, const char *name)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (!conn_valid(name))
		return;
	fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size == 0)
		return;
	if (!live_held(fd))
		(void)unlinkat(dirfd, name, 0);
}

void live_sweep(const char *dir)
{
	_cleanup_closedir_ DIR *d = opendir(dir);
	size_t seen = 0;

	if (!d)
		return;
	for (const struct dirent *e; (e = readdir(d));) {
		if (e->d_name[0] == '.')
			continue;
		if (++seen > LIVE_SWEEP_MAX)
			return;
		sweep_one(dirfd(d), e->d_name);
	}
}

static bool says(const struct keyfile *k, const struct live *what)
{
	const char *session = keyfile_text(k, "session");
	const char *target = keyfile_text(k, "target");
	const char *proto = keyfile_text(k, "proto");
	uint64_t uid;

	return session && target && proto && keyfile_number(k, "uid", &uid) == 0 &&
	       uid == what->uid && strcmp(session, what->session) == 0 &&
	       strcmp(target, what->target) == 0 &&
	       strcmp(proto, what->proto) == 0;
}

int live_open(const char *dir, const struct live *what)
{
	_cleanup_close_ int dirfd = open_folder(dir);
	_cleanup_close_ int fd = -1;
	_cleanup_keyfile_ struct keyfile k = {0};
	struct stat st;
	int r;

	if (dirfd < 0)
		return dirfd;
	if (!conn_valid(what->conn))
		return -EINVAL;
	if (fstat(dirfd, &st) < 0)
		return -errno;
	r = keyfile_read(dirfd, what->conn, st.st_uid, &k);
	if (r < 0)
		return r;
	if (!says(&k, what))
		return -EPERM;
	fd = openat(dirfd, what->conn, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	return live_held(fd) ? TAKE_FD(fd) : -ENOLCK;
}

/* A lock that can be had is a lock that nobody holds. */
bool live_held(int fd)
{
	if (flock(fd, LOCK_SH | LOCK_NB) == 0) {
		(void)flock(fd, LOCK_UN);
		return false;
	}
	return errno == EWOULDBLOCK;
}

bool live_sealed(int fd)
{
	struct stat st;

	return !live_held(fd) && fstat(fd, &st) == 0 && st.st_nlink == 0;
}
