/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The folder is on tmpfs: nothing is synced, and after a power cut nothing is
 * there, which is deny. A user's file that has not changed is linked from the
 * generation before, so that one changed grant among ten thousand users
 * writes one file.
 */
#include "grants/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/number.h"
#include "grants/arrange.h"
#include "grants/users_write.h"

#define CURRENT	    "current"
#define CURRENT_NEW ".current.new"
#define USERS	    "users"
#define FOLDER_SIZE 21 /* digits of a uint64_t and a NUL */

struct stage {
	const struct publish *how;
	const struct compiled *c;
	int dir;      /* how->dir */
	int folder;   /* of the new generation */
	int users;    /* users/ in it */
	int previous; /* users/ of the one before, -1: none */
	uint64_t generation;
	struct image image;  /* reused file by file */
	uint8_t *flat, *old; /* one user's file, new and before */
	size_t flat_room, old_room;
};

static void stage_done(struct stage *s)
{
	int *fds[] = {&s->dir, &s->folder, &s->users, &s->previous};

	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		cleanup_close(fds[i]);
	image_done(&s->image);
	free(s->flat);
	free(s->old);
}

static void folder_name(uint64_t generation, char name[FOLDER_SIZE])
{
	(void)snprintf(
		name, FOLDER_SIZE, "%llu", (unsigned long long)generation);
}

static int read_current(int dir, uint64_t *ret_generation)
{
	char target[FOLDER_SIZE];
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

int publish_current(const char *dir, uint64_t *ret_generation)
{
	_cleanup_close_ int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : read_current(fd, ret_generation);
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
	char users[FOLDER_SIZE + sizeof("/" USERS)];
	int fd, e;

	(void)snprintf(users, sizeof(users), "%s/" USERS, name);
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

struct keep {
	uint64_t these[2];
};

static int remove_other(int dir, uint64_t generation, void *what)
{
	const struct keep *keep = what;
	char name[FOLDER_SIZE];

	if (generation == keep->these[0] || generation == keep->these[1])
		return 0;
	folder_name(generation, name);
	return remove_folder(dir, name);
}

/* A file with its owner and mode before it has a byte. */
static int create(const struct stage *s, int dir, const char *name, mode_t mode,
	gid_t gid)
{
	_cleanup_close_ int fd = openat(dir, name,
		O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	if (s->how->give && fchown(fd, s->how->owner, gid) < 0)
		return -errno;
	if (fchmod(fd, mode) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int write_image(
	struct stage *s, const char *name, mode_t mode, gid_t gid)
{
	_cleanup_close_ int fd = create(s, s->folder, name, mode, gid);

	return fd < 0 ? fd : image_write(&s->image, fd);
}

static int write_users_db(struct stage *s)
{
	const struct compiled *c = s->c;
	_cleanup_free_ struct users_entry *entries =
		calloc(c->user_count + 1, sizeof(*entries));
	struct users_list list = {
		.generation = s->generation,
		.uid_min = c->policy->settings.uid_min,
		.uid_max = c->policy->settings.uid_max,
		.users_gid = s->how->users_gid,
		.count = c->user_count,
		.users = entries,
	};
	_cleanup_close_ int fd = -1;

	if (!entries)
		return -ENOMEM;
	for (size_t i = 0; i < c->user_count; i++)
		entries[i] = (struct users_entry){
			.name = c->users[i].from->name,
			.uid = c->users[i].from->uid,
			.gecos = c->users[i].from->gecos,
		};
	fd = create(s, s->folder, "users.db", 0644, (gid_t)-1);
	return fd < 0 ? fd : users_write(fd, &list);
}

/* 1 when the generation before has the same file for this user. */
static int is_unchanged(struct stage *s, const char *name, size_t len)
{
	_cleanup_close_ int fd = -1;
	struct stat st;
	ssize_t n;

	if (s->previous < 0)
		return 0;
	fd = openat(s->previous, name,
		O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != len ||
		st.st_uid != s->how->owner)
		return 0;
	if (len > s->old_room) {
		free(s->old);
		s->old = malloc(len);
		s->old_room = s->old ? len : 0;
	}
	if (!s->old)
		return -ENOMEM;
	n = fd_read_full(fd, s->old, len);
	return n == (ssize_t)len && memcmp(s->old, s->flat, len) == 0;
}

static int write_user(
	struct stage *s, const struct compiled_user *u, struct published *count)
{
	_cleanup_close_ int fd = -1;
	char name[FOLDER_SIZE];
	size_t len;
	int e = arrange_user(s->c, u, &s->image);

	if (e == 0)
		e = image_flatten(&s->image, &s->flat, &s->flat_room, &len);
	if (e < 0)
		return e;
	folder_name(u->from->uid, name);
	e = is_unchanged(s, name, len);
	if (e == 1 && linkat(s->previous, name, s->users, name, 0) == 0) {
		count->files_kept++;
		return 0;
	}
	fd = create(s, s->users, name, 0440, u->from->uid);
	if (fd < 0)
		return fd;
	count->files_written++;
	return fd_write_all(fd, s->flat, len);
}

static int write_files(struct stage *s, struct published *count)
{
	int e = write_users_db(s);

	if (e == 0) {
		arrange_info(s->c, s->generation, &s->image);
		e = write_image(s, "info", 0644, (gid_t)-1);
	}
	if (e == 0) {
		arrange_all(s->c, s->generation, &s->image);
		e = write_image(s, "rights.db", 0640, s->how->gates_gid);
	}
	for (size_t i = 0; e == 0 && i < s->c->user_count; i++)
		e = write_user(s, &s->c->users[i], count);
	return e;
}

/* A folder that lets through, and lists nothing to others where not meant. */
static int make_folder(int dir, const char *name, mode_t mode)
{
	_cleanup_close_ int fd = -1;

	if (mkdirat(dir, name, 0700) < 0)
		return -errno;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || fchmod(fd, mode) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int open_previous(struct stage *s, uint64_t previous)
{
	char path[FOLDER_SIZE + sizeof("/" USERS)];

	if (previous == 0)
		return 0;
	(void)snprintf(path, sizeof(path), "%llu/" USERS,
		(unsigned long long)previous);
	s->previous = openat(
		s->dir, path, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return s->previous < 0 && errno != ENOENT ? -errno : 0;
}

static int make_stage(struct stage *s, uint64_t previous)
{
	uint64_t highest = previous;
	char name[FOLDER_SIZE];
	int e = each_generation(s->dir, note_highest, &highest);

	if (e < 0)
		return e;
	s->generation = highest + 1;
	folder_name(s->generation, name);
	s->folder = make_folder(s->dir, name, 0755);
	if (s->folder < 0)
		return s->folder;
	s->users = make_folder(s->folder, USERS, 0711);
	return s->users < 0 ? s->users : open_previous(s, previous);
}

static int switch_current(const struct stage *s)
{
	char name[FOLDER_SIZE];

	folder_name(s->generation, name);
	if (unlinkat(s->dir, CURRENT_NEW, 0) < 0 && errno != ENOENT)
		return -errno;
	if (symlinkat(name, s->dir, CURRENT_NEW) < 0)
		return -errno;
	return renameat(s->dir, CURRENT_NEW, s->dir, CURRENT) < 0 ? -errno : 0;
}

int publish_generation(const struct publish *how, const struct compiled *c,
	struct published *ret_published)
{
	__attribute__((cleanup(stage_done))) struct stage s = {
		.how = how,
		.c = c,
		.dir = open(how->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.folder = -1,
		.users = -1,
		.previous = -1,
	};
	struct published count = {0};
	struct keep keep;
	uint64_t previous;
	int e;

	if (s.dir < 0)
		return -errno;
	if (flock(s.dir, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	e = read_current(s.dir, &previous);
	if (e == 0)
		e = make_stage(&s, previous);
	if (e == 0)
		e = write_files(&s, &count);
	if (e == 0)
		e = switch_current(&s);
	if (e < 0)
		return e;
	count.generation = s.generation;
	*ret_published = count;
	keep = (struct keep){{s.generation, previous}};
	/* Published it is: what can't be removed now goes the next time. */
	(void)each_generation(s.dir, remove_other, &keep);
	return 0;
}
