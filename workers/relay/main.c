/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump-relay: the one process on this host that has a route to OT. systemd
 * starts it with its listening sockets; it forks a process a connection.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/number.h"
#include "base/proc.h"
#include "workers/relay/serve.h"

#define FIRST_FD 3 /* sd_listen_fds(3) */

/* How many sockets systemd has handed to this very process. */
static int listen_fds(void)
{
	const char *pid_text = getenv("LISTEN_PID");
	const char *count_text = getenv("LISTEN_FDS");
	uint64_t pid, count;

	if (!pid_text || !count_text ||
		number_parse(pid_text, 1, INT32_MAX, &pid) < 0 ||
		(pid_t)pid != getpid() ||
		number_parse(count_text, 1, SERVE_LISTENERS_MAX, &count) < 0)
		return -EINVAL;
	return (int)count;
}

static int check_listener(int fd)
{
	int type = 0, listens = 0;
	socklen_t len = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 ||
		getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0)
		return -errno;
	return type == SOCK_STREAM && listens ? 0 : -EPROTOTYPE;
}

static int run(void)
{
	int listeners[SERVE_LISTENERS_MAX], count = listen_fds(), r;

	if (count < 0)
		return count;
	r = proc_harden(count, NULL);
	for (int i = 0; r == 0 && i < count; i++) {
		listeners[i] = FIRST_FD + i;
		r = check_listener(listeners[i]);
	}
	return r < 0 ? r : serve(listeners, (size_t)count);
}

int main(void)
{
	int r = run();

	if (r < 0)
		fprintf(stderr,
			"jump-relay: %s (it is started by its sockets)\n",
			strerror(-r));
	return r < 0 ? 1 : 0;
}
