/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/credential/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/keyfile.h"

struct state {
	uint64_t open;
	uint64_t wrong;
};

/* The folder is the lock of all that is in it. */
static int lock_folder(const char *dir)
{
	_cleanup_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int load(int dirfd, const char *credential, struct state *ret)
{
	_cleanup_keyfile_ struct keyfile k = {0};
	int r = keyfile_read(dirfd, credential, geteuid(), &k);

	*ret = (struct state){0};
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	r = keyfile_number(&k, "open", &ret->open);
	return r < 0 ? r : keyfile_number(&k, "wrong", &ret->wrong);
}

static int store(int dirfd, const char *credential, const struct state *s)
{
	const struct fd_replace how = {.name = credential,
		.mode = 0600,
		.uid = (uid_t)-1,
		.gid = (gid_t)-1,
		.durable = 1};
	struct keyfile_writer w = {0};

	keyfile_add_number(&w, "open", s->open);
	keyfile_add_number(&w, "wrong", s->wrong);
	return keyfile_writer_replace(&w, dirfd, &how);
}

int trial_begin(const char *dir, const char *credential)
{
	_cleanup_close_ int dirfd = lock_folder(dir);
	struct state s;
	int r = dirfd < 0 ? dirfd : load(dirfd, credential, &s);

	if (r < 0)
		return r;
	if (s.wrong)
		return -EPERM;
	if (s.open >= TRIAL_OPEN_MAX)
		return -EBUSY;
	s.open++;
	return store(dirfd, credential, &s);
}

static int end(const char *dir, const char *credential, uint64_t wrong)
{
	_cleanup_close_ int dirfd = lock_folder(dir);
	struct state s;
	int r = dirfd < 0 ? dirfd : load(dirfd, credential, &s);

	if (r < 0)
		return r;
	/* one that was right meanwhile does not clear another one's wrong */
	s = (struct state){.wrong = s.wrong | wrong};
	return store(dirfd, credential, &s);
}

int trial_right(const char *dir, const char *credential)
{
	return end(dir, credential, 0);
}

int trial_wrong(const char *dir, const char *credential)
{
	return end(dir, credential, 1);
}
