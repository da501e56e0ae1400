/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/pamroot.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/moment.h"
#include "tests/unit/scratch.h"

static void wipe(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0)
		assert_int_equal(scratch_drop(path), 0);
}

static void make_all(char *path)
{
	for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		(void)mkdir(path, 0755);
		*at = '/';
	}
	(void)mkdir(path, 0755);
}

void pamroot_make(void)
{
	static const char *const folders[] = {"etc", "run/jump/seeds",
		"run/jump/sessions", "run/jump/db", "run/systemd/transient",
		"var/lib/jump/otp"};
	char path[4096];

	wipe(PAM_JUMP_ROOT);
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		snprintf(path, sizeof(path), "%s/%s", PAM_JUMP_ROOT,
			folders[i]);
		make_all(path);
	}
}

void pamroot_write(const char *name, const char *text, mode_t mode)
{
	_cleanup_close_ int fd = -1;
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", PAM_JUMP_ROOT, name);
	*strrchr(path, '/') = '\0';
	make_all(path);
	path[strlen(path)] = '/';
	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	assert_int_equal(fchmod(fd, mode), 0);
}

void pamroot_remove(const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", PAM_JUMP_ROOT, name);
	wipe(path);
}

void pamroot_expect(const char *name, const char *text)
{
	_cleanup_close_ int fd = -1;
	char path[4096], bytes[8192];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", PAM_JUMP_ROOT, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	n = fd_read_full(fd, bytes, sizeof(bytes) - 1);
	assert_true(n >= 0);
	bytes[n] = '\0';
	assert_string_equal(bytes, text);
}

void pamroot_clock(int trusted, long long shift_ms)
{
	char text[256];

	snprintf(text, sizeof(text),
		"trusted=%d\noffset_ms=%lld\nwhy=%s\nboot_ms=%lld\nsynced=1\n",
		trusted,
		(long long)(moment_wall_ms() - moment_boot_ms()) + shift_ms,
		trusted ? "ok" : "step", (long long)moment_boot_ms());
	pamroot_write("run/jump/clock", text, 0644);
}

void pamroot_health(const char *audit, long long age_ms)
{
	char text[256];

	snprintf(text, sizeof(text),
		"boot_ms=%lld\naudit=%s\nauditd=ok\nlost=ok\nclock=ok\n"
		"disk=ok\nrecorder=ok\nlost_count=0\n",
		(long long)moment_boot_ms() - age_ms, audit);
	pamroot_write("run/jump/health", text, 0644);
}
