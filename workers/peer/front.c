/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/peer/front.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/moment.h"

#define IDLE_MS	     5000
#define CHILDREN_MAX 32

struct front {
	int (*serve)(int fd, const void *context);
	const void *context;
	int children;
	int64_t busy_ms;
};

static void reap(struct front *f)
{
	while (waitpid(-1, NULL, WNOHANG) > 0) {
		f->children--;
		f->busy_ms = moment_boot_ms();
	}
}

static void accept_one(struct front *f)
{
	_cleanup_close_ int fd = accept4(
		FRONT_LISTEN_FD, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	pid_t pid;

	if (fd < 0)
		return;
	f->busy_ms = moment_boot_ms();
	pid = fork();
	if (pid == 0) {
		(void)close(FRONT_LISTEN_FD);
		_exit(f->serve(fd, f->context));
	}
	if (pid > 0)
		f->children++;
}

int front_run(int (*serve)(int fd, const void *context), const void *context)
{
	struct front f = {.serve = serve,
		.context = context,
		.busy_ms = moment_boot_ms()};

	while (f.children > 0 || moment_boot_ms() - f.busy_ms < IDLE_MS) {
		struct pollfd p = {
			.fd = f.children < CHILDREN_MAX ? FRONT_LISTEN_FD : -1,
			.events = POLLIN};

		if (poll(&p, 1, 100) > 0)
			accept_one(&f);
		reap(&f);
	}
	return 0;
}
