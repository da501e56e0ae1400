/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/keypair.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "jumpshell/memfile.h"
#include "jumpshell/places.h"
#include "jumpshell/spawn.h"

#define READY_WAIT_MS 5000

const struct keypair keypair_none = {.alive = -1,
	.answer = -1,
	.hosts = -1,
	.hop = {{-1, -1, -1}, {-1, -1, -1}, {-1, -1, -1}, {-1, -1, -1}}};

static int start(struct keypair *k, int private_fd, int stdin_fd, int stdout_fd,
	int null_fd)
{
	static const char *const argv[] = {PLACE_KEYPAIR, NULL};
	static const char *const envp[] = {"PATH=/usr/bin:/bin", NULL};
	struct spawn s = {
		.argv = argv,
		.envp = envp,
		.fds = {stdin_fd, stdout_fd, null_fd, private_fd, k->hosts},
		.fd_count = KEYPAIR_CERTIFICATE(k->hops),
	};

	_Static_assert(KEYPAIR_FDS <= SPAWN_FDS_MAX, "room for all files");
	for (size_t i = 0; i < k->hops; i++) {
		s.fds[KEYPAIR_CERTIFICATE(i)] = k->hop[i].certificate;
		s.fds[KEYPAIR_CONFIG(i)] = k->hop[i].config;
		s.fds[KEYPAIR_LOG(i)] = k->hop[i].log;
	}
	return spawn_start(&s, &k->pid);
}

static int open_hops(struct keypair *k, size_t hops)
{
	if (hops == 0 || hops > KEYPAIR_HOPS_MAX)
		return -EINVAL;
	k->hops = hops;
	for (size_t i = 0; i < hops; i++) {
		k->hop[i].certificate = memfile_open("jump-certificate");
		k->hop[i].config = memfile_open("jump-config");
		k->hop[i].log = memfile_open("jump-log");
		if (k->hop[i].certificate < 0 || k->hop[i].config < 0 ||
			k->hop[i].log < 0)
			return -EMFILE;
	}
	return 0;
}

int keypair_begin(struct keypair *k, size_t hops)
{
	_cleanup_close_ int private_fd = -1, null_fd = -1;
	_cleanup_close_ int stdin_fd = -1, stdout_fd = -1;
	int life[2], answer[2], r;

	*k = keypair_none;
	r = open_hops(k, hops);
	if (r < 0)
		return r;
	if (pipe2(life, O_CLOEXEC) < 0)
		return -errno;
	stdin_fd = life[0];
	k->alive = life[1];
	if (pipe2(answer, O_CLOEXEC) < 0)
		return -errno;
	k->answer = answer[0];
	stdout_fd = answer[1];
	private_fd = memfile_open("jump-key");
	k->hosts = memfile_open("jump-hosts");
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (private_fd < 0 || k->hosts < 0 || null_fd < 0)
		return -EMFILE;
	return start(k, private_fd, stdin_fd, stdout_fd, null_fd);
}

int keypair_ready(struct keypair *k)
{
	struct pollfd p = {.fd = k->answer, .events = POLLIN};
	ssize_t n;

	if (poll(&p, 1, READY_WAIT_MS) != 1)
		return -ETIMEDOUT;
	n = fd_read_full(k->answer, k->public_line, sizeof(k->public_line) - 1);
	if (n < 0)
		return (int)n;
	k->public_line[n] = '\0';
	if (n == 0 || k->public_line[n - 1] != '\n' ||
		strncmp(k->public_line, "ssh-ed25519 ", 12) != 0)
		return -EBADMSG;
	return 0;
}

void keypair_path(const struct keypair *k, int which,
	char ret_path[KEYPAIR_PATH_SIZE])
{
	snprintf(ret_path, KEYPAIR_PATH_SIZE, "/proc/%ld/fd/%d", (long)k->pid,
		which);
}

static void drop(int *fd)
{
	cleanup_close(fd);
	*fd = -1;
}

void keypair_end(struct keypair *k)
{
	drop(&k->alive);
	drop(&k->answer);
	drop(&k->hosts);
	for (size_t i = 0; i < KEYPAIR_HOPS_MAX; i++) {
		drop(&k->hop[i].certificate);
		drop(&k->hop[i].config);
	}
	if (k->pid > 0) {
		(void)kill(k->pid, SIGKILL);
		(void)waitpid(k->pid, NULL, 0);
	}
	k->pid = 0;
}

void keypair_done(struct keypair *k)
{
	keypair_end(k);
	for (size_t i = 0; i < KEYPAIR_HOPS_MAX; i++)
		drop(&k->hop[i].log);
}
