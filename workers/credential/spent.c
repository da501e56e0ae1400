/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/credential/spent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/keyfile.h"
#include "workers/credential/keeper.h"

#define FILE_NAME_SIZE (CONN_SIZE + KEEPER_NAME_SIZE)

static int file_name(const struct spent *s, char ret[FILE_NAME_SIZE])
{
	int n;

	if (!conn_valid(s->conn))
		return -EINVAL;
	n = snprintf(ret, FILE_NAME_SIZE, "%s-%s", s->conn, s->credential);
	return n < 0 || n >= FILE_NAME_SIZE ? -EINVAL : 0;
}

static int open_folder(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int spent_mark(const char *dir, const struct spent *s)
{
	_cleanup_close_ int dirfd = open_folder(dir), fd = -1;
	struct keyfile_writer w = {0};
	char name[FILE_NAME_SIZE];
	int r = file_name(s, name);

	if (r < 0 || dirfd < 0)
		return r < 0 ? r : dirfd;
	keyfile_add(&w, "session", s->session);
	if (w.error)
		return w.error;
	fd = openat(dirfd, name,
		O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	return fd_write_all(fd, w.bytes, w.len);
}

void spent_undo(const char *dir, const struct spent *s)
{
	_cleanup_close_ int dirfd = open_folder(dir);
	char name[FILE_NAME_SIZE];

	if (dirfd >= 0 && file_name(s, name) == 0)
		(void)unlinkat(dirfd, name, 0);
}

bool spent_by(const char *dir, const struct spent *s)
{
	_cleanup_close_ int dirfd = open_folder(dir);
	_cleanup_keyfile_ struct keyfile k = {0};
	char name[FILE_NAME_SIZE];
	const char *session;

	if (dirfd < 0 || file_name(s, name) < 0 ||
		keyfile_read(dirfd, name, geteuid(), &k) < 0)
		return false;
	session = keyfile_text(&k, "session");
	return session && strcmp(session, s->session) == 0;
}

static bool is_over(int dirfd, const char *name, int connections)
{
	char conn[CONN_SIZE] = {0};
	struct stat st;

	if (strlen(name) < CONN_SIZE || name[CONN_SIZE - 1] != '-')
		return false;
	memcpy(conn, name, CONN_SIZE - 1);
	if (!conn_valid(conn) ||
		fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		time(NULL) - st.st_mtime < SPENT_KEPT_SEC)
		return false;
	return fstatat(connections, conn, &st, AT_SYMLINK_NOFOLLOW) < 0 &&
	       errno == ENOENT;
}

void spent_sweep(const char *dir, const char *connections)
{
	_cleanup_close_ int live = open_folder(connections);
	_cleanup_closedir_ DIR *d = opendir(dir);
	size_t seen = 0;

	if (!d || live < 0)
		return;
	for (const struct dirent *e; (e = readdir(d));) {
		if (++seen > SPENT_SWEEP_MAX)
			return;
		if (is_over(dirfd(d), e->d_name, live))
			(void)unlinkat(dirfd(d), e->d_name, 0);
	}
}
