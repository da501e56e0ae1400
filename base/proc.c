/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/moment.h"
#include "base/number.h"

#define ENV_KEEP_MAX   16
#define ENV_VALUE_SIZE 256

/* Descriptors 0 to 2 must exist, or a later open() would become one. */
static int standard_fds(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		if (open("/dev/null", fd ? O_WRONLY : O_RDONLY) != fd)
			return -EBADF;
	}
	return 0;
}

/* A variable survives only when it is short and printable. */
static int environment_reduce(const char *const *keep)
{
	static const char *const always[] = {"TERM", "LANG", "TZ", NULL};
	const char *name[ENV_KEEP_MAX];
	char value[ENV_KEEP_MAX][ENV_VALUE_SIZE];
	size_t count = 0;

	for (const char *const *set = always; set;
		set = set == always ? keep : NULL) {
		for (size_t i = 0; set[i] && count < ENV_KEEP_MAX; i++) {
			const char *v = getenv(set[i]);

			if (!v || strnlen(v, ENV_VALUE_SIZE) >= ENV_VALUE_SIZE)
				continue;
			name[count] = set[i];
			snprintf(value[count++], ENV_VALUE_SIZE, "%s", v);
		}
	}
	if (clearenv() != 0 || setenv("PATH", "/usr/bin:/bin", 1) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (setenv(name[i], value[i], 1) < 0)
			return -ENOMEM;
	}
	return 0;
}

int proc_harden(int keep_fds, const char *const *keep)
{
	const struct rlimit none = {0, 0};
	int r;

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
		setrlimit(RLIMIT_CORE, &none) < 0)
		return -errno;
	umask(077);
	r = standard_fds();
	if (r < 0)
		return r;
	fd_close_from(3 + keep_fds);
	return environment_reduce(keep);
}

struct pipes {
	int in[2], out[2];
};

static void pipes_close(struct pipes *p)
{
	cleanup_close(&p->in[0]);
	cleanup_close(&p->in[1]);
	cleanup_close(&p->out[0]);
	cleanup_close(&p->out[1]);
}

static int spawn(const struct proc_run *run, struct pipes *p, pid_t *ret_pid)
{
	posix_spawn_file_actions_t act;
	posix_spawnattr_t attr;
	sigset_t empty, defaults;
	int r;

	sigemptyset(&empty);
	sigfillset(&defaults);
	if (posix_spawn_file_actions_init(&act) != 0)
		return -ENOMEM;
	if (posix_spawnattr_init(&attr) != 0) {
		posix_spawn_file_actions_destroy(&act);
		return -ENOMEM;
	}
	r = posix_spawnattr_setflags(
		&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	r = r ? r : posix_spawnattr_setsigmask(&attr, &empty);
	r = r ? r : posix_spawnattr_setsigdefault(&attr, &defaults);
	r = r ? r : posix_spawn_file_actions_adddup2(&act, p->in[0], 0);
	r = r ? r : posix_spawn_file_actions_adddup2(&act, p->out[1], 1);
	if (run->no_stderr)
		r = r ? r
		      : posix_spawn_file_actions_addopen(
				&act, 2, "/dev/null", O_WRONLY, 0);
	r = r ? r
	      : posix_spawn(ret_pid, run->argv[0], &act, &attr,
			(char *const *)run->argv, (char *const *)run->envp);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&act);
	return -r;
}

static int pipes_open(const struct proc_run *run, struct pipes *p)
{
	if (run->input) {
		if (pipe2(p->in, O_CLOEXEC) < 0)
			return -errno;
		(void)fcntl(p->in[1], F_SETFL, O_NONBLOCK);
	} else {
		p->in[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (p->in[0] < 0)
			return -errno;
	}
	if (run->ret_output) {
		if (pipe2(p->out, O_CLOEXEC) < 0)
			return -errno;
	} else {
		p->out[1] = open("/dev/null", O_WRONLY | O_CLOEXEC);
		if (p->out[1] < 0)
			return -errno;
	}
	return 0;
}

/* One step of input; closes the pipe when all is in. */
static int feed(const struct proc_run *run, struct pipes *p, size_t *sent)
{
	ssize_t n = write(p->in[1], run->input + *sent, run->input_len - *sent);

	if (n < 0 && errno != EAGAIN && errno != EINTR && errno != EPIPE)
		return -errno;
	if (n < 0 && errno == EPIPE)
		*sent = run->input_len;
	if (n > 0)
		*sent += (size_t)n;
	return 0;
}

/* 1: more to come; 0: end of output. */
static int drain(const struct proc_run *run, struct pipes *p, size_t *have)
{
	ssize_t n = read(
		p->out[0], run->ret_output + *have, run->output_size - *have);

	if (n < 0)
		return errno == EINTR ? 1 : -errno;
	if (n == 0)
		return 0;
	*have += (size_t)n;
	return *have == run->output_size ? -EMSGSIZE : 1;
}

static int converse(
	const struct proc_run *run, struct pipes *p, int64_t deadline_ms)
{
	size_t sent = 0, have = 0;
	int more = p->out[0] >= 0, r = 0;

	while (p->in[1] >= 0 || more) {
		struct pollfd fds[2] = {{p->in[1], POLLOUT, 0},
			{more ? p->out[0] : -1, POLLIN, 0}};
		int64_t left_ms = deadline_ms - moment_boot_ms();

		if (p->in[1] >= 0 && sent == run->input_len) {
			cleanup_close(&p->in[1]);
			p->in[1] = -1;
			continue;
		}
		if (left_ms <= 0)
			return -ETIMEDOUT;
		if (poll(fds, 2, (int)left_ms) < 0 && errno != EINTR)
			return -errno;
		if (fds[0].revents)
			r = feed(run, p, &sent);
		if (r == 0 && fds[1].revents) {
			r = drain(run, p, &have);
			more = r > 0;
			r = r > 0 ? 0 : r;
		}
		if (r < 0)
			return r;
	}
	if (run->ret_output)
		run->ret_output[have] = '\0';
	return 0;
}

static int reap(pid_t pid, int64_t deadline_ms)
{
	for (;;) {
		int status;
		pid_t got = waitpid(pid, &status, WNOHANG);

		if (got < 0 && errno != EINTR)
			return -errno;
		if (got == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status)
						 : 256 + WTERMSIG(status);
		if (moment_boot_ms() >= deadline_ms)
			return -ETIMEDOUT;
		(void)poll(NULL, 0, 1);
	}
}

int proc_run(const struct proc_run *run)
{
	struct pipes p = {{-1, -1}, {-1, -1}};
	int64_t deadline_ms = moment_boot_ms() + run->timeout_ms;
	struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
	pid_t pid;
	int r;

	if (!run->argv[0] || run->argv[0][0] != '/' ||
		(run->ret_output && run->output_size == 0))
		return -EINVAL;
	(void)sigaction(SIGPIPE, &ignore, &before);
	r = pipes_open(run, &p);
	if (r == 0)
		r = spawn(run, &p, &pid);
	if (r == 0) {
		close(p.in[0]);
		close(p.out[1]);
		p.in[0] = p.out[1] = -1;
		r = converse(run, &p, deadline_ms);
		pipes_close(&p);
		p = (struct pipes){{-1, -1}, {-1, -1}};
		if (r == 0)
			r = reap(pid, deadline_ms);
		if (r < 0) {
			(void)kill(pid, SIGKILL);
			(void)waitpid(pid, NULL, 0);
		}
	}
	pipes_close(&p);
	(void)sigaction(SIGPIPE, &before, NULL);
	return r;
}

/* A /proc file of one process, at most size-1 bytes, terminated. */
static int proc_text(pid_t pid, const char *file, char *ret, size_t size)
{
	_cleanup_close_ int fd = -1;
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	n = fd_read_full(fd, ret, size - 1);
	if (n < 0)
		return (int)n;
	ret[n] = '\0';
	return 0;
}

int proc_start_time(pid_t pid, unsigned long long *ret_ticks)
{
	char text[1024], *at, *end;
	uint64_t ticks;
	int r = proc_text(pid, "stat", text, sizeof(text));

	if (r < 0)
		return r;
	at = strrchr(text, ')'); /* the name may hold blanks and brackets */
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	end = at ? strchr(at + 1, ' ') : NULL;
	if (!end)
		return -EBADMSG;
	*end = '\0';
	r = number_parse(at + 1, 0, UINT64_MAX, &ticks);
	if (r < 0)
		return r;
	*ret_ticks = ticks;
	return 0;
}

int proc_cgroup(pid_t pid, char *ret_path, size_t size)
{
	char text[8192], *line, *end;
	int r = proc_text(pid, "cgroup", text, sizeof(text));

	if (r < 0)
		return r;
	line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	if (!line)
		return -ENODATA;
	line += line == text ? 3 : 4;
	end = strchr(line, '\n');
	if (!end || (size_t)(end - line) >= size)
		return -EBADMSG;
	memcpy(ret_path, line, (size_t)(end - line));
	ret_path[end - line] = '\0';
	return 0;
}
