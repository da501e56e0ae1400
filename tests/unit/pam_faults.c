/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/pam_faults.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>
#include <security/pam_modules.h>

#include "audit/event.h"
#include "pam_jump/places.h"

__attribute__((visibility("default"))) struct pam_test pam_test_control;

static int fails(int with)
{
	pam_test_control.calls++;
	if (pam_test_control.calls != pam_test_control.fail_at)
		return 0;
	errno = with;
	return 1;
}

#define WRAP(type, name, error, failed, decl, args)                    \
	type __real_##name decl;                                      \
	type __wrap_##name decl;                                      \
	type __wrap_##name decl                                       \
	{                                                             \
		return fails(error) ? (failed) : __real_##name args;  \
	}

WRAP(void *, malloc, ENOMEM, NULL, (size_t n), (n))
WRAP(void *, calloc, ENOMEM, NULL, (size_t n, size_t m), (n, m))
WRAP(ssize_t, pread, EIO, -1, (int fd, void *to, size_t n, off_t at),
	(fd, to, n, at))
WRAP(int, fsync, EIO, -1, (int fd), (fd))
WRAP(int, renameat, EIO, -1, (int a, const char *b, int c, const char *d),
	(a, b, c, d))
WRAP(int, flock, EIO, -1, (int fd, int how), (fd, how))
WRAP(int, fchmod, EIO, -1, (int fd, mode_t mode), (fd, mode))
WRAP(ssize_t, write, ENOSPC, -1, (int fd, const void *b, size_t n), (fd, b, n))
WRAP(int, fstat, EIO, -1, (int fd, struct stat *st), (fd, st))

int __real_clock_nanosleep(clockid_t id, int flags,
	const struct timespec *until, struct timespec *left);
int __wrap_clock_nanosleep(clockid_t id, int flags,
	const struct timespec *until, struct timespec *left);
int __wrap_clock_nanosleep(clockid_t id, int flags,
	const struct timespec *until, struct timespec *left)
{
	if (pam_test_control.hurry)
		return 0;
	return __real_clock_nanosleep(id, flags, until, left);
}

int __real_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;

	if (flags & O_CREAT) {
		va_start(args, flags);
		mode = va_arg(args, mode_t);
		va_end(args);
	}
	return fails(EIO) ? -1 : __real_openat(dir, path, flags, mode);
}

static void put_line(const char *line)
{
	size_t n = strlen(line);
	int fd = open(PAM_JUMP_ROOT "/events",
		O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0 || __real_write(fd, line, n) != (ssize_t)n)
		abort();
	close(fd);
}

/* What pam_systemd would find: its limit of the session's time. */
int __real_pam_set_data(pam_handle_t *pamh, const char *name, void *data,
	void (*cleanup)(pam_handle_t *, void *, int));
int __wrap_pam_set_data(pam_handle_t *pamh, const char *name, void *data,
	void (*cleanup)(pam_handle_t *, void *, int));
int __wrap_pam_set_data(pam_handle_t *pamh, const char *name, void *data,
	void (*cleanup)(pam_handle_t *, void *, int))
{
	char line[128];

	if (fails(ENOMEM))
		return PAM_BUF_ERR;
	if (strcmp(name, "systemd.runtime_max_sec") == 0) {
		snprintf(line, sizeof(line), "limit %s\n", (char *)data);
		put_line(line);
	}
	return __real_pam_set_data(pamh, name, data, cleanup);
}

static const char *or_dash(const char *text)
{
	return text ? text : "-";
}

/* NAME OUTCOME REASON USER SOURCE GRANT; session and key: present or not. */
int __wrap_event_emit(const struct event *e);
int __wrap_event_emit(const struct event *e)
{
	char line[512];

	(void)snprintf(line, sizeof(line), "%s %s %s %s %s:%u %s %s%s\n",
		event_name(e->id),
		e->outcome == OUTCOME_SUCCESS ? "success" : "failure",
		or_dash(e->reason), or_dash(e->user), or_dash(e->source),
		e->source_port, or_dash(e->grant), e->session ? "session" : "-",
		e->key ? "+key" : "");
	put_line(line);
	return pam_test_control.audit_down ? -EPERM : 0;
}
