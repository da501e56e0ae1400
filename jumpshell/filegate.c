/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/filegate.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "jumpshell/places.h"
#include "jumpshell/spawn.h"

#define SEND_WAIT_SEC 5

/* A byte of ours between the client's would be the end of its protocol. */
static int let_go_of_client(void)
{
	_cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
		dup2(null, STDOUT_FILENO) < 0)
		return -errno;
	return 0;
}

/* A gate that reads no answers must not hold us: it is ended then. */
static int limit_sending(int fd)
{
	const struct timeval wait = {.tv_sec = SEND_WAIT_SEC};

	return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) < 0
		       ? -errno
		       : 0;
}

int filegate_start(struct filegate *g)
{
	static const char *const argv[] = {PLACE_SFTP, NULL};
	static const char *const envp[] = {"PATH=/usr/bin:/bin", NULL};
	_cleanup_close_ int ours = -1, theirs = -1;
	struct spawn s = {.argv = argv, .envp = envp, .fd_count = 4};
	int pair[2], r;

	*g = (struct filegate){.control = -1, .status = 255};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	ours = pair[0];
	theirs = pair[1];
	s.fds[0] = STDIN_FILENO;
	s.fds[1] = STDOUT_FILENO;
	s.fds[2] = STDERR_FILENO;
	s.fds[3] = theirs;
	r = spawn_start(&s, &g->pid);
	if (r < 0)
		return r;
	g->control = TAKE_FD(ours);
	r = limit_sending(g->control);
	if (r == 0)
		r = let_go_of_client();
	if (r < 0)
		filegate_end(g);
	return r;
}

bool filegate_gone(struct filegate *g)
{
	int status;

	if (g->pid <= 0)
		return true;
	if (waitpid(g->pid, &status, WNOHANG) != g->pid)
		return false;
	g->pid = 0;
	g->status = WIFEXITED(status) ? WEXITSTATUS(status) : 255;
	return true;
}

void filegate_end(struct filegate *g)
{
	int status;

	cleanup_close(&g->control);
	g->control = -1;
	if (g->pid <= 0)
		return;
	(void)kill(g->pid, SIGKILL);
	if (waitpid(g->pid, &status, 0) == g->pid && WIFEXITED(status))
		g->status = WEXITSTATUS(status);
	g->pid = 0;
}
