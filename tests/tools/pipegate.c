/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * In the place of jump-sftp, for the figures: a plain pipe. It has the first
 * target opened that it may know, and from then on looks at nothing: what the
 * gate costs is what it takes longer than this.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "sftp/control.h"

#define BUFFER_SIZE 262144

static struct control c;

static int ask(enum control_kind kind, int fds[2])
{
	c.kind = (uint8_t)kind;
	return control_send(CONTROL_FD, &c, NULL) < 0
		       ? -EPIPE
		       : control_receive(CONTROL_FD, &c, fds);
}

/* The first target of the list, opened. */
static int open_first(int fds[2])
{
	struct control first = {0};
	int r = ask(CONTROL_LIST, NULL);

	while (r == 0 && c.kind == CONTROL_TARGET) {
		if (!first.target[0])
			first = c;
		r = control_receive(CONTROL_FD, &c, NULL);
	}
	c = first;
	if (r == 0)
		r = ask(CONTROL_OPEN, fds);
	return r == 0 && c.kind == CONTROL_OPENED ? 0 : -EPIPE;
}

static void wait_until(int fd, short what)
{
	struct pollfd p = {.fd = fd, .events = what};

	(void)poll(&p, 1, -1);
}

static int put(int to, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(to, bytes, len);

		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (n < 0) {
			wait_until(to, POLLOUT);
			continue;
		}
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

static void copy(int from, int to)
{
	static char buffer[BUFFER_SIZE];

	for (;;) {
		ssize_t n = read(from, buffer, sizeof(buffer));

		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			wait_until(from, POLLIN);
			continue;
		}
		if (n <= 0 || put(to, buffer, (size_t)n) < 0)
			return;
	}
}

int main(void)
{
	int fds[2] = {-1, -1};
	pid_t pid;

	if (open_first(fds) < 0)
		return 1;
	pid = fork();
	if (pid < 0)
		return 1;
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		copy(fds[0], 1);
		return 0;
	}
	copy(0, fds[1]);
	(void)kill(pid, SIGTERM);
	return waitpid(pid, NULL, 0) == pid ? 0 : 1;
}
