/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/check/judge.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/moment.h"

#define NAP_MS 5

/* As a shell would find it, but of an owner that nobody else can pose as. */
static int look_at_program(const char *path, uid_t owner)
{
	_cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != owner ||
		(st.st_mode & (S_IWGRP | S_IWOTH)) || !(st.st_mode & S_IXOTH))
		return -EPERM;
	return 0;
}

__attribute__((noreturn)) static void child(
	const struct judge *j, pid_t parent, int out)
{
	static const char *const envp[] = {"PATH=/usr/bin:/bin", "LC_ALL=C",
		"HOME=/tmp", "TMPDIR=/tmp", NULL};
	sigset_t none;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ||
		getppid() != parent || setpgid(0, 0) < 0 ||
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		dup2(j->file, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(126);
	fd_close_from(3);
	(void)execve(j->argv[0], (char *const *)j->argv, (char *const *)envp);
	_exit(126);
}

/* The first line; what follows is read, so that the program can go on. */
static void keep(struct verdict *v, bool *whole, const char *bytes, size_t len)
{
	size_t have = strlen(v->text);

	for (size_t i = 0; i < len && !*whole; i++) {
		if (bytes[i] == '\n') {
			*whole = have > 0;
			continue;
		}
		if (bytes[i] == '\r' || have == JUDGE_TEXT_SIZE - 1)
			continue;
		v->text[have++] =
			(char)(bytes[i] >= 0x20 && bytes[i] <= 0x7e ? bytes[i]
								    : '?');
		v->text[have] = '\0';
	}
}

/* Until it has ended, or time is over. Its wait status, or -ETIMEDOUT. */
static int follow(
	pid_t pid, int out, int64_t end_ms, struct verdict *v, int *ret_status)
{
	bool whole = false, open = true;

	for (;;) {
		struct pollfd p = {.fd = open ? out : -1, .events = POLLIN};
		char bytes[4096];
		ssize_t n = 0;

		if (waitpid(pid, ret_status, WNOHANG) == pid) {
			n = open ? read(out, bytes, sizeof(bytes)) : 0;
			if (n > 0)
				keep(v, &whole, bytes, (size_t)n);
			return 0;
		}
		if (moment_boot_ms() >= end_ms)
			return -ETIMEDOUT;
		if (poll(&p, 1, NAP_MS) <= 0)
			continue;
		n = read(out, bytes, sizeof(bytes));
		if (n > 0)
			keep(v, &whole, bytes, (size_t)n);
		else if (n == 0)
			open = false;
	}
}

static int start(const struct judge *j, pid_t *ret_pid, int *ret_out)
{
	_cleanup_close_ int ours = -1, theirs = -1;
	pid_t parent = getpid(), pid;
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return -errno;
	ours = p[0];
	theirs = p[1];
	if (fcntl(ours, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		child(j, parent, theirs);
	(void)setpgid(pid, pid);
	*ret_pid = pid;
	*ret_out = TAKE_FD(ours);
	return 0;
}

static void decide(int status, struct verdict *v)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		v->good = true;
		v->reason = NULL;
	} else if (WIFEXITED(status) && WEXITSTATUS(status) != 126) {
		v->reason = "found";
	}
}

void judge_run(const struct judge *j, struct verdict *ret_verdict)
{
	int64_t end_ms = moment_boot_ms() + j->timeout_ms;
	struct verdict v = {.reason = "program"};
	_cleanup_close_ int out = -1;
	int status, r;
	pid_t pid = 0;

	r = look_at_program(j->argv[0], j->owner);
	if (r == 0)
		r = start(j, &pid, &out);
	if (r == 0) {
		r = follow(pid, out, end_ms, &v, &status);
		(void)kill(-pid, SIGKILL);
		if (r == 0)
			decide(status, &v);
		else
			(void)waitpid(pid, &status, 0);
	}
	if (r == -ETIMEDOUT)
		v.reason = "timeout";
	*ret_verdict = v;
}
