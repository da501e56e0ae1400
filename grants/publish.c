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
#include "grants/arrange.h"
#include "grants/generations.h"
#include "grants/users_write.h"

struct publication {
	const struct publish *how;
	const struct compiled *c;
	int dir;	 /* how->dir, locked */
	int folder;	 /* of the new generation */
	int users;	 /* users/ in it */
	int previous;	 /* users/ of the one before, -1: none */
	uint64_t before; /* generation, 0: none */
	bool committed;
	struct published count;
	struct image image;  /* reused file by file */
	uint8_t *flat, *old; /* one user's file, new and before */
	size_t flat_room, old_room;
};

/* A file with its owner and mode before it has a byte. */
static int create(const struct publication *p, int dir, const char *name,
	mode_t mode, gid_t gid)
{
	_cleanup_close_ int fd = openat(dir, name,
		O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	if (p->how->give && fchown(fd, p->how->owner, gid) < 0)
		return -errno;
	if (fchmod(fd, mode) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int write_image(
	struct publication *p, const char *name, mode_t mode, gid_t gid)
{
	_cleanup_close_ int fd = create(p, p->folder, name, mode, gid);

	return fd < 0 ? fd : image_write(&p->image, fd);
}

static int write_users_db(struct publication *p)
{
	const struct compiled *c = p->c;
	_cleanup_free_ struct users_entry *entries =
		calloc(c->user_count + 1, sizeof(*entries));
	struct users_list list = {
		.generation = p->count.generation,
		.uid_min = c->policy->settings.uid_min,
		.uid_max = c->policy->settings.uid_max,
		.users_gid = p->how->users_gid,
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
	fd = create(p, p->folder, "users.db", 0644, (gid_t)-1);
	return fd < 0 ? fd : users_write(fd, &list);
}

/* 1 when the generation before has the same file for this user. */
static int is_unchanged(struct publication *p, const char *name, size_t len)
{
	_cleanup_close_ int fd = -1;
	struct stat st;
	ssize_t n;

	if (p->previous < 0)
		return 0;
	fd = openat(p->previous, name,
		O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != len ||
		st.st_uid != p->how->owner)
		return 0;
	if (len > p->old_room) {
		free(p->old);
		p->old = malloc(len);
		p->old_room = p->old ? len : 0;
	}
	if (!p->old)
		return -ENOMEM;
	n = fd_read_full(fd, p->old, len);
	return n == (ssize_t)len && memcmp(p->old, p->flat, len) == 0;
}

static int write_user(struct publication *p, const struct compiled_user *u)
{
	_cleanup_close_ int fd = -1;
	char name[GENERATION_NAME_SIZE];
	size_t len;
	int e = arrange_user(p->c, u, &p->image);

	if (e == 0)
		e = image_flatten(&p->image, &p->flat, &p->flat_room, &len);
	if (e < 0)
		return e;
	generation_name(u->from->uid, name);
	e = is_unchanged(p, name, len);
	if (e == 1 && linkat(p->previous, name, p->users, name, 0) == 0) {
		p->count.files_kept++;
		return 0;
	}
	fd = create(p, p->users, name, 0440, u->from->uid);
	if (fd < 0)
		return fd;
	p->count.files_written++;
	return fd_write_all(fd, p->flat, len);
}

static int write_files(struct publication *p)
{
	int e = write_users_db(p);

	if (e == 0) {
		arrange_info(p->c, p->count.generation, &p->image);
		e = write_image(p, "info", 0644, (gid_t)-1);
	}
	if (e == 0) {
		arrange_all(p->c, p->count.generation, &p->image);
		e = write_image(p, "rights.db", 0640, p->how->gates_gid);
	}
	for (size_t i = 0; e == 0 && i < p->c->user_count; i++)
		e = write_user(p, &p->c->users[i]);
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

static int open_previous(struct publication *p)
{
	char path[GENERATION_NAME_SIZE + sizeof("/" GENERATION_USERS)];

	if (p->before == 0)
		return 0;
	(void)snprintf(path, sizeof(path), "%llu/" GENERATION_USERS,
		(unsigned long long)p->before);
	p->previous = openat(
		p->dir, path, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return p->previous < 0 && errno != ENOENT ? -errno : 0;
}

static int make_folders(struct publication *p)
{
	char name[GENERATION_NAME_SIZE];
	uint64_t highest;
	int e = generations_highest(p->dir, &highest);

	if (e < 0)
		return e;
	if (p->before > highest)
		highest = p->before;
	p->count.generation = highest + 1;
	generation_name(p->count.generation, name);
	p->folder = make_folder(p->dir, name, 0755);
	if (p->folder < 0)
		return p->folder;
	p->users = make_folder(p->folder, GENERATION_USERS, 0711);
	return p->users < 0 ? p->users : open_previous(p);
}

/* One at a time: the lock goes with the descriptor. */
static int lock_dir(struct publication *p)
{
	p->dir = open(p->how->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->dir < 0)
		return -errno;
	if (flock(p->dir, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return generations_current(p->dir, &p->before);
}

int publish_prepare(const struct publish *how, const struct compiled *c,
	struct publication **ret_publication)
{
	_cleanup_publication_ struct publication *p = calloc(1, sizeof(*p));
	int e;

	if (!p)
		return -ENOMEM;
	p->how = how;
	p->c = c;
	p->dir = p->folder = p->users = p->previous = -1;
	e = lock_dir(p);
	if (e == 0)
		e = make_folders(p);
	if (e == 0)
		e = write_files(p);
	if (e == 0)
		*ret_publication = TAKE_PTR(p);
	return e;
}

const struct published *publication_info(const struct publication *p)
{
	return &p->count;
}

int publish_commit(struct publication *p)
{
	int e = generations_switch(p->dir, p->count.generation);

	if (e < 0)
		return e;
	p->committed = true;
	/* Published it is: what can't be removed now goes the next time. */
	(void)generations_keep(p->dir, p->count.generation, p->before);
	return 0;
}

void publication_free(struct publication *p)
{
	if (!p)
		return;
	if (p->folder >= 0 && !p->committed)
		(void)generations_remove(p->dir, p->count.generation);
	cleanup_close(&p->previous);
	cleanup_close(&p->users);
	cleanup_close(&p->folder);
	cleanup_close(&p->dir);
	image_done(&p->image);
	free(p->flat);
	free(p->old);
	free(p);
}

int publish_generation(const struct publish *how, const struct compiled *c,
	struct published *ret_published)
{
	_cleanup_publication_ struct publication *p = NULL;
	int e = publish_prepare(how, c, &p);

	if (e == 0)
		e = publish_commit(p);
	if (e == 0)
		*ret_published = p->count;
	return e;
}

int publish_current(const char *dir, uint64_t *ret_generation)
{
	_cleanup_close_ int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : generations_current(fd, ret_generation);
}
