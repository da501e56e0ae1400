/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump-cert ZONE: signs keys of onward connections with one zone's CA.
 *
 * systemd starts it when somebody knocks. Each connection gets a process of
 * its own, so that one that dawdles keeps nobody waiting; the one in front
 * stays for some seconds, because starting a unit takes 10 to 20 ms and an
 * engineer's next connection comes soon, and then is gone, so that no CA key
 * is at hand while nobody needs it.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/moment.h"
#include "base/name.h"
#include "base/proc.h"
#include "workers/cert/serve.h"

#define LISTEN_FD    3
#define IDLE_MS	     5000
#define CHILDREN_MAX 32
#define PATH_SIZE    256

struct front {
	const char *zone;
	char ca_path[PATH_SIZE];
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
	_cleanup_close_ int fd =
		accept4(LISTEN_FD, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	pid_t pid;

	if (fd < 0)
		return;
	f->busy_ms = moment_boot_ms();
	pid = fork();
	if (pid == 0) {
		(void)close(LISTEN_FD);
		_exit(serve_one(fd, f->zone, f->ca_path));
	}
	if (pid > 0)
		f->children++;
}

static int run(struct front *f)
{
	f->busy_ms = moment_boot_ms();
	while (f->children > 0 || moment_boot_ms() - f->busy_ms < IDLE_MS) {
		struct pollfd p = {
			.fd = f->children < CHILDREN_MAX ? LISTEN_FD : -1,
			.events = POLLIN};

		if (poll(&p, 1, 100) > 0)
			accept_one(f);
		reap(f);
	}
	return 0;
}

/* Where LoadCredential= put this zone's key. */
static int find_ca(struct front *f)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	int n;

	if (!folder || folder[0] != '/')
		return -ENOENT;
	n = snprintf(f->ca_path, sizeof(f->ca_path), "%s/ca", folder);
	if (n < 0 || (size_t)n >= sizeof(f->ca_path))
		return -ENAMETOOLONG;
	return access(f->ca_path, R_OK) < 0 ? -errno : 0;
}

int main(int argc, char **argv)
{
	static const char *const keep[] = {"CREDENTIALS_DIRECTORY", NULL};
	struct front f = {0};

	if (proc_harden(1, keep) < 0)
		return 1;
	if (argc != 2 || !name_valid(argv[1])) {
		fprintf(stderr, "usage: jump-cert ZONE\n");
		return 2;
	}
	f.zone = argv[1];
	if (find_ca(&f) < 0) {
		fprintf(stderr, "no CA for zone %s; run: jumpctl zone ca %s\n",
			f.zone, f.zone);
		return 1;
	}
	return run(&f);
}
