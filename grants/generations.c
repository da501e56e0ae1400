/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A generation is two folders deep and no deeper, so that removing one needs
 * no walk of a tree and follows no link.
 */
#include "grants/generations.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/number.h"

#define CURRENT	    "current"
#define CURRENT_NEW ".current.new"

void generation_name(uint64_t generation, char ret_name[GENERATION_NAME_SIZE])
{
	(void)snprintf(ret_name, GENERATION_NAME_SIZE, "%llu",
		(unsigned long long)generation);
}

int generations_current(int dir, uint64_t *ret_generation)
{
	char target[GENERATION_NAME_SIZE];
	ssize_t n = readlinkat(dir, CURRENT, target, sizeof(target));

	if (n < 0 && errno == ENOENT) {
		*ret_generation = 0;
		return 0;
	}
	if (n < 0)
		return -errno;
	if ((size_t)n >= sizeof(target))
		return -EBADMSG;
	target[n] = '\0';
	return number_parse(target, 1, UINT64_MAX, ret_generation) < 0
		       ? -EBADMSG
		       : 0;
}

/* Calls for each generation's folder in dir; stops at the first error. */
static int each_generation(int dir,
	int (*call)(int dir, uint64_t generation, void *what), void *what)
{
	int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closedir_ DIR *d = again < 0 ? NULL : fdopendir(again);
	struct dirent *e;

	if (again < 0)
		return -errno;
	if (!d) {
		(void)close(again);
		return -ENOMEM;
	}
	while ((e = readdir(d))) {
		uint64_t generation;
		int r;

		if (number_parse(e->d_name, 1, UINT64_MAX, &generation) < 0)
			continue;
		r = call(dir, generation, what);
		if (r < 0)
			return r;
	}
	return 0;
}

static int note_highest(int dir, uint64_t generation, void *what)
{
	uint64_t *highest = what;

	if (generation > *highest)
		*highest = generation;
	return 0;
}

int generations_highest(int dir, uint64_t *ret_generation)
{
	uint64_t highest = 0;
	int e = each_generation(dir, note_highest, &highest);

	if (e == 0)
		*ret_generation = highest;
	return e;
}

static int empty_folder(int folder)
{
	_cleanup_closedir_ DIR *d = fdopendir(folder);
	struct dirent *e;

	if (!d) {
		(void)close(folder);
		return -ENOMEM;
	}
	while ((e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(d), e->d_name, 0) < 0 && errno != EISDIR &&
			errno != ENOENT)
			return -errno;
	}
	return 0;
}

static int remove_folder(int dir, const char *name)
{
	char users[GENERATION_NAME_SIZE + sizeof("/" GENERATION_USERS)];
	int fd, e;

	(void)snprintf(users, sizeof(users), "%s/" GENERATION_USERS, name);
	fd = openat(
		dir, users, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0) {
		e = empty_folder(fd);
		if (e < 0)
			return e;
		if (unlinkat(dir, users, AT_REMOVEDIR) < 0)
			return -errno;
	}
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	e = empty_folder(fd);
	if (e == 0 && unlinkat(dir, name, AT_REMOVEDIR) < 0)
		e = -errno;
	return e;
}

int generations_remove(int dir, uint64_t generation)
{
	char name[GENERATION_NAME_SIZE];

	generation_name(generation, name);
	return remove_folder(dir, name);
}

struct keep {
	uint64_t one, other;
};

static int remove_other(int dir, uint64_t generation, void *what)
{
	const struct keep *keep = what;

	if (generation == keep->one || generation == keep->other)
		return 0;
	return generations_remove(dir, generation);
}

int generations_keep(int dir, uint64_t one, uint64_t other)
{
	struct keep keep = {one, other};

	return each_generation(dir, remove_other, &keep);
}

int generations_switch(int dir, uint64_t generation)
{
	char name[GENERATION_NAME_SIZE];

	generation_name(generation, name);
	if (unlinkat(dir, CURRENT_NEW, 0) < 0 && errno != ENOENT)
		return -errno;
	if (symlinkat(name, dir, CURRENT_NEW) < 0)
		return -errno;
	return renameat(dir, CURRENT_NEW, dir, CURRENT) < 0 ? -errno : 0;
}
