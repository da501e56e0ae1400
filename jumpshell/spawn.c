/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/fd.h"

static void signals_default(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		(void)signal(sig, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Up above everything first, so that none is overwritten before its turn. */
static int place_fds(const struct spawn *s, int *report)
{
	int high[SPAWN_FDS_MAX];

	for (size_t i = 0; i < s->fd_count; i++) {
		high[i] = fcntl(s->fds[i], F_DUPFD_CLOEXEC, 64);
		if (high[i] < 0)
			return -errno;
	}
	*report = fcntl(*report, F_DUPFD_CLOEXEC, 64);
	if (*report < 0)
		return -errno;
	for (size_t i = 0; i < s->fd_count; i++) {
		if (dup2(high[i], (int)i) < 0)
			return -errno;
	}
	return 0;
}

static int take_terminal(void)
{
	if (setsid() < 0 || ioctl(0, TIOCSCTTY, 0) < 0)
		return -errno;
	return 0;
}

static int limit_files(size_t max)
{
	const struct rlimit limit = {max, max};

	return max && setrlimit(RLIMIT_FSIZE, &limit) < 0 ? -errno : 0;
}

__attribute__((noreturn)) static void child(
	const struct spawn *s, pid_t parent, int report)
{
	int r = prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ? -errno : 0;

	if (getppid() != parent)
		_exit(127);
	signals_default();
	if (r == 0)
		r = place_fds(s, &report);
	if (r == 0 && s->terminal)
		r = take_terminal();
	if (r == 0)
		r = limit_files(s->file_max);
	if (r == 0) {
		(void)execve(s->argv[0], (char *const *)s->argv,
			(char *const *)s->envp);
		r = -errno;
	}
	(void)!write(report, &r, sizeof(r));
	_exit(127);
}

int spawn_start(const struct spawn *s, pid_t *ret_pid)
{
	_cleanup_close_ int heard = -1;
	pid_t parent = getpid(), pid;
	int report[2], error = 0;
	ssize_t n;

	if (s->fd_count < 3 || s->fd_count > SPAWN_FDS_MAX ||
		s->argv[0][0] != '/')
		return -EINVAL;
	if (pipe2(report, O_CLOEXEC) < 0)
		return -errno;
	heard = report[0];
	pid = fork();
	if (pid == 0)
		child(s, parent, report[1]);
	close(report[1]);
	if (pid < 0)
		return -EAGAIN;
	/* the pipe closes by itself when the program has begun */
	n = fd_read_full(heard, &error, sizeof(error));
	if (n == 0) {
		*ret_pid = pid;
		return 0;
	}
	(void)waitpid(pid, NULL, 0);
	return n == sizeof(error) && error < 0 ? error : -EIO;
}
