/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/watch/strike.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/number.h"
#include "base/proc.h"

#define STATUS_SIZE 4096
#define EVENTS_SIZE 256

/* The real uid, of /proc/PID/status: the folder's owner is root's when the
 * process can't be dumped. */
static int real_uid(pid_t pid, uid_t *ret_uid)
{
	_cleanup_close_ int fd = -1;
	char path[64], text[STATUS_SIZE], *line;
	uint64_t uid;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	n = fd_read_full(fd, text, sizeof(text) - 1);
	if (n < 0)
		return (int)n;
	text[n] = '\0';
	line = strstr(text, "\nUid:\t");
	if (!line)
		return -EBADMSG;
	line += strlen("\nUid:\t");
	line[strcspn(line, "\t\n")] = '\0';
	if (number_parse(line, 0, UINT32_MAX - 1, &uid) < 0)
		return -EBADMSG;
	*ret_uid = (uid_t)uid;
	return 0;
}

int strike_open(pid_t pid, uint64_t start, uid_t uid)
{
	_cleanup_close_ int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	unsigned long long now_start;
	uid_t now_uid;
	int r;

	if (fd < 0)
		return -errno;
	/* Read behind the open: what these say is of the process held. */
	r = proc_start_time(pid, &now_start);
	if (r < 0 || now_start != start)
		return -ESRCH;
	if (uid != STRIKE_ANY_UID) {
		r = real_uid(pid, &now_uid);
		if (r < 0)
			return r;
		if (now_uid != uid)
			return -EPERM;
	}
	return strike_alive(fd) ? TAKE_FD(fd) : -ESRCH;
}

int strike_signal(int pidfd, int sig)
{
	if (syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0) < 0)
		return -errno;
	return 0;
}

bool strike_alive(int pidfd)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	return pidfd >= 0 && poll(&p, 1, 0) == 0;
}

/* The folder, when it is that very one. */
static int cgroup_open(const char *root, const char *cgroup, uint64_t inode)
{
	_cleanup_close_ int dir =
		open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (dir < 0)
		return -errno;
	if (cgroup[0] != '/' || !cgroup[1] || strstr(cgroup, ".."))
		return -EINVAL;
	fd = openat(dir, cgroup + 1,
		O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	return (uint64_t)st.st_ino == inode ? TAKE_FD(fd) : -ENOENT;
}

bool strike_cgroup_there(const char *root, const char *cgroup, uint64_t inode)
{
	_cleanup_close_ int fd = cgroup_open(root, cgroup, inode);

	return fd >= 0;
}

bool strike_cgroup_peopled(const char *root, const char *cgroup, uint64_t inode)
{
	_cleanup_close_ int dir = cgroup_open(root, cgroup, inode);
	_cleanup_close_ int fd = -1;
	char text[EVENTS_SIZE];
	ssize_t n;

	if (dir < 0)
		return false;
	fd = openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno != ENOENT && errno != ENODEV;
	n = fd_read_full(fd, text, sizeof(text) - 1);
	if (n < 0)
		return n != -ENODEV;
	text[n] = '\0';
	return !strstr(text, "populated 0");
}

int strike_cgroup(const char *root, const char *cgroup, uint64_t inode)
{
	_cleanup_close_ int dir = cgroup_open(root, cgroup, inode);
	_cleanup_close_ int fd = -1;

	if (dir < 0)
		return dir;
	fd = openat(dir, "cgroup.kill", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return fd_write_all(fd, "1", 1);
}
