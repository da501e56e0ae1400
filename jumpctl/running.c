/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpctl/running.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/moment.h"
#include "base/number.h"
#include "base/proc.h"

#define ASK_MS 50

void running_done(struct running *r)
{
	cleanup_close(&r->fd);
}

int running_open(const struct invocation *in, const char *dir,
	struct running *ret_running)
{
	struct running r = {.dir = dir ? dir : RUNNING_DIR};
	struct stat st;

	r.fd = open(r.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r.fd < 0 && errno == ENOENT)
		return command_failed(in,
			"%s: there is none; is jump-bastion installed here, "
			"and has systemd-tmpfiles run?",
			r.dir);
	if (r.fd < 0 || fstat(r.fd, &st) < 0)
		return command_failed(in, "%s: %s", r.dir, strerror(errno));
	r.owner = st.st_uid;
	*ret_running = r;
	return EXIT_OK;
}

static int is_record(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static int take_one(int dirfd, const char *name, uid_t owner,
	running_take *take, void *context)
{
	_cleanup_keyfile_ struct keyfile k = {0};
	int r = keyfile_read(dirfd, name, owner, &k);

	/* Gone meanwhile, or being written by something odd: not one. */
	return r < 0 ? 0 : take(name, &k, context);
}

int running_each(const struct running *r, const char *folder,
	running_take *take, void *context)
{
	_cleanup_close_ int dir =
		openat(r->fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent **names = NULL;
	struct stat st;
	int count, e = 0;

	if (dir < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(dir, &st) < 0)
		return -errno;
	count = scandirat(dir, ".", &names, is_record, alphasort);
	if (count < 0)
		return -errno;
	for (int i = 0; i < count; i++) {
		if (e == 0)
			e = take_one(dir, names[i]->d_name, st.st_uid, take,
				context);
		free(names[i]);
	}
	free(names);
	return e;
}

const char *record_text(const struct keyfile *k, const char *key)
{
	const char *text = keyfile_text(k, key);

	return text ? text : "";
}

uint64_t record_number(const struct keyfile *k, const char *key)
{
	uint64_t value = 0;

	return keyfile_number(k, key, &value) < 0 ? 0 : value;
}

void running_operator(char ret_name[RUNNING_NAME_SIZE])
{
	_cleanup_close_ int fd = open("/proc/self/loginuid", O_RDONLY);
	const struct passwd *pw = NULL;
	char text[16] = "";
	uint64_t uid;

	if (fd >= 0 && fd_read_full(fd, text, sizeof(text) - 1) > 0 &&
		number_parse(text, 0, UINT32_MAX - 1, &uid) == 0)
		pw = getpwuid((uid_t)uid);
	snprintf(ret_name, RUNNING_NAME_SIZE, "%s", pw ? pw->pw_name : "root");
}

void running_wake_watch(const struct running *r)
{
	static const char *const argv[] = {"/usr/bin/systemctl", "start",
		"--no-block", "jump-watch.service", NULL};
	static const char *const envp[] = {"PATH=/usr/bin:/bin", NULL};
	const struct proc_run run = {
		.argv = argv, .envp = envp, .timeout_ms = 5000};

	/* One that runs looks within a second anyway. */
	if (strcmp(r->dir, RUNNING_DIR) == 0)
		(void)proc_run(&run);
}

bool running_await(
	const struct running *r, int wait_ms, running_ask *done, void *context)
{
	const struct timespec nap = {.tv_nsec = ASK_MS * 1000000L};
	const int64_t end_ms = moment_boot_ms() + wait_ms;

	while (!done(r, context)) {
		if (moment_boot_ms() >= end_ms)
			return false;
		(void)nanosleep(&nap, NULL);
	}
	return true;
}
