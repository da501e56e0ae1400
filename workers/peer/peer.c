/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a connected Unix socket to the session of the process behind it.
 */
#include "workers/peer/peer.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/proc.h"

#ifndef SO_PEERPIDFD /* Linux 6.5; Debian 12's headers lack it */
#define SO_PEERPIDFD 77
#endif

/*
 * A handle on the peer. Where the kernel hands one out, it is of the process
 * that connected; before 6.5 it is opened by pid, and the caller's look at
 * the uid and at the handle afterwards is what excludes a reused pid.
 */
static int peer_handle(int fd, pid_t pid)
{
	int pidfd = -1;
	socklen_t len = sizeof(pidfd);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len) == 0)
		return pidfd;
	if (errno != ENOPROTOOPT)
		return -errno;
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	return pidfd < 0 ? -errno : pidfd;
}

/* A pidfd becomes readable when its process has ended. */
static bool handle_alive(int pidfd)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	return poll(&p, 1, 0) == 0;
}

int peer_session(int fd, const struct session_places *places,
	struct session_record *ret_session)
{
	_cleanup_close_ int pidfd = -1;
	char cgroup[SESSION_CGROUP_SIZE];
	struct session_record s;
	struct ucred cred;
	socklen_t len = sizeof(cred);
	int r;

	if (!places)
		places = &session_places_host;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return -errno;
	if (cred.pid <= 0 || cred.uid == (uid_t)-1)
		return -ESRCH;
	pidfd = peer_handle(fd, cred.pid);
	if (pidfd < 0)
		return pidfd;
	r = proc_cgroup(cred.pid, cgroup, sizeof(cgroup));
	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	if (!handle_alive(pidfd))
		return -ESRCH;
	r = session_by_cgroup(places, cgroup, &s);
	if (r < 0)
		return r;
	if (s.uid != cred.uid)
		return -EPERM;
	*ret_session = s;
	return 0;
}
