/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files of a policy: which there are, in which order, and that nobody but
 * their owner could have written them.
 */
#include "policy/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/trusted.h"
#include "base/zoneinfo.h"

#define FILE_BYTES_MAX (1024 * 1024)
#define FILES_MAX      1024
#define MAIN_FILE      "jump.conf"
#define MORE_DIR       "policy.d"

struct sources {
	size_t count;
	struct policy_text text[FILES_MAX];
	char name[FILES_MAX][ORIGIN_FILE_SIZE];
};

static void sources_free(struct sources **f)
{
	if (!*f)
		return;
	for (size_t i = 0; i < (*f)->count; i++)
		free((void *)(uintptr_t)(*f)->text[i].bytes);
	free(*f);
}

/* A complaint about a file as a whole; hands r back. */
static int refuse(struct policy_errors *e, const char *file, int r,
	const char *format, ...) __attribute__((format(printf, 4, 5)));
static int refuse(struct policy_errors *e, const char *file, int r,
	const char *format, ...)
{
	struct policy_error *slot;
	va_list ap;

	if (e->count++ >= POLICY_ERRORS_MAX)
		return r;
	slot = &e->error[e->count - 1];
	*slot = (struct policy_error){0};
	snprintf(slot->origin.file, sizeof(slot->origin.file), "%s", file);
	va_start(ap, format);
	vsnprintf(slot->text, sizeof(slot->text), format, ap);
	va_end(ap);
	return r;
}

static int refuse_file(
	struct policy_errors *e, const char *file, uid_t owner, int r)
{
	if (r == -EPERM)
		return refuse(e, file, r,
			"it must be a regular file of uid %u that group and "
			"others can't write: chown %u, chmod go-w",
			owner, owner);
	if (r == -EFBIG)
		return refuse(e, file, r, "it is larger than 1 MiB");
	if (r == -ENOENT)
		return refuse(e, file, r, "there is no such file");
	return refuse(e, file, r, "it can't be read: %s", strerror(-r));
}

/* Opens a folder that only its owner can change. */
static int open_folder(int dirfd, const char *path, uid_t owner)
{
	_cleanup_close_ int fd = openat(dirfd, path,
		O_RDONLY | O_DIRECTORY | O_CLOEXEC |
			(dirfd == AT_FDCWD ? 0 : O_NOFOLLOW));
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != owner || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return -EPERM;
	return TAKE_FD(fd);
}

static int refuse_folder(
	struct policy_errors *e, const char *path, uid_t owner, int r)
{
	if (r == -EPERM)
		return refuse(e, path, r,
			"the folder must belong to uid %u, and group and "
			"others must not write in it: chown %u, chmod go-w",
			owner, owner);
	if (r == -ENOENT)
		return refuse(e, path, r, "there is no such folder");
	return refuse(e, path, r, "the folder can't be read: %s", strerror(-r));
}

static int read_one(struct sources *f, int dirfd, const char *path,
	const char *file, uid_t owner, struct policy_errors *e)
{
	struct policy_text *t = &f->text[f->count];
	char *bytes;
	int r;

	r = trusted_read(dirfd, path, owner, FILE_BYTES_MAX, &bytes, &t->len);
	if (r < 0)
		return refuse_file(e, file, owner, r);
	t->bytes = bytes;
	snprintf(f->name[f->count], ORIGIN_FILE_SIZE, "%s", file);
	t->file = f->name[f->count++];
	return 0;
}

/* "cells.conf": printable, and short enough for "policy.d/" before it. */
static bool file_name_sound(const char *name)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t len = strlen(name);

	return strspn(name, good) == len &&
	       len + strlen(MORE_DIR "/") < ORIGIN_FILE_SIZE;
}

static bool is_conf(const char *name)
{
	size_t len = strlen(name);

	return name[0] != '.' && len > strlen(".conf") &&
	       strcmp(name + len - strlen(".conf"), ".conf") == 0;
}

static int wanted(const struct dirent *entry)
{
	return is_conf(entry->d_name);
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_listed(struct sources *f, int dirfd, struct dirent **list,
	int count, uid_t owner, struct policy_errors *e)
{
	int first = 0;

	for (int i = 0; i < count; i++) {
		const char *name = list[i]->d_name;
		char file[ORIGIN_FILE_SIZE];
		int r;

		if (!file_name_sound(name))
			r = refuse(e, MORE_DIR, -EINVAL,
				"file %d has an over-long or unusual name; "
				"use letters, digits, \".\", \"_\" and \"-\"",
				i + 1);
		else if (f->count == FILES_MAX)
			r = refuse(e, MORE_DIR, -EFBIG, "more than %d files",
				FILES_MAX - 1);
		else {
			snprintf(file, sizeof(file), "%s/%.*s", MORE_DIR,
				(int)(sizeof(file) - sizeof(MORE_DIR) - 1),
				name);
			r = read_one(f, dirfd, name, file, owner, e);
		}
		if (first == 0)
			first = r;
	}
	return first;
}

/* No folder is no file: jump.conf may hold all of it. */
static int read_more(
	struct sources *f, int dirfd, uid_t owner, struct policy_errors *e)
{
	_cleanup_close_ int fd = open_folder(dirfd, MORE_DIR, owner);
	struct dirent **list = NULL;
	int count, r;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return refuse_folder(e, MORE_DIR, owner, fd);
	count = scandirat(fd, ".", &list, wanted, by_bytes);
	if (count < 0)
		return refuse_folder(e, MORE_DIR, owner, -errno);
	r = read_listed(f, fd, list, count, owner, e);
	for (int i = 0; i < count; i++)
		free(list[i]);
	free(list);
	return r;
}

static int read_all(struct sources *f, const char *dir, uid_t owner,
	struct policy_errors *e)
{
	_cleanup_close_ int fd = open_folder(AT_FDCWD, dir, owner);
	int r, more;

	if (fd < 0)
		return refuse_folder(e, dir, owner, fd);
	r = read_one(f, fd, MAIN_FILE, MAIN_FILE, owner, e);
	more = read_more(f, fd, owner, e);
	return r < 0 ? r : more;
}

/* A zone that the host does not know would silently show another time. */
static int check_time_zone(const struct settings *s, struct policy_errors *e)
{
	_cleanup_(cleanup_zoneinfo) struct zoneinfo *zone = NULL;

	if (strcmp(s->time_zone, "UTC") == 0 || access(ZONEINFO_DIR, X_OK) < 0)
		return 0;
	if (zoneinfo_load(s->time_zone, &zone) == 0)
		return 0;
	return refuse(e, MAIN_FILE, -EINVAL,
		"TimeZone: this host knows no zone \"%s\"; see 'timedatectl "
		"list-timezones'",
		s->time_zone);
}

int policy_load(const char *dir, uid_t owner, struct policy *ret_policy,
	struct policy_errors *ret_errors)
{
	_cleanup_(sources_free) struct sources *f = calloc(1, sizeof(*f));
	struct policy p = {0};
	int r;

	ret_errors->count = 0;
	if (!f)
		return refuse(ret_errors, dir, -ENOMEM, "out of memory");
	r = read_all(f, dir, owner, ret_errors);
	if (r < 0)
		return r;
	r = policy_parse(f->text, f->count, &p, ret_errors);
	if (r == 0)
		r = check_time_zone(&p.settings, ret_errors);
	if (r < 0) {
		if (ret_errors->count == 0)
			(void)refuse(ret_errors, dir, r, "%s", strerror(-r));
		policy_done(&p);
		return r;
	}
	*ret_policy = p;
	return 0;
}
