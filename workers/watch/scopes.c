/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/watch/scopes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/number.h"

uint32_t scope_slice_uid(const char *name)
{
	static const char prefix[] = "user-", suffix[] = ".slice";
	char digits[16];
	size_t len = strlen(name), fixed = sizeof(prefix) + sizeof(suffix) - 2;
	uint64_t uid;

	if (len <= fixed || len - fixed >= sizeof(digits) ||
		strncmp(name, prefix, sizeof(prefix) - 1) != 0 ||
		strcmp(name + len - (sizeof(suffix) - 1), suffix) != 0)
		return 0;
	memcpy(digits, name + sizeof(prefix) - 1, len - fixed);
	digits[len - fixed] = '\0';
	return number_parse(digits, 1, UINT32_MAX - 1, &uid) < 0
		       ? 0
		       : (uint32_t)uid;
}

static DIR *open_folder(int dirfd, const char *name)
{
	int fd = openat(
		dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !dir)
		cleanup_close(&fd);
	return dir;
}

struct walk {
	scope_take *take;
	void *context;
	size_t seen;
};

static int slice_each(int user_fd, const char *slice, struct walk *w)
{
	_cleanup_closedir_ DIR *dir = open_folder(user_fd, slice);
	struct scope_found f = {.uid = scope_slice_uid(slice)};

	if (!dir) /* it may just have gone */
		return errno == ENOENT || errno == ENODEV ? 0 : -errno;
	for (const struct dirent *e; (e = readdir(dir));) {
		struct stat st;
		int n;

		if (e->d_name[0] == '.' ||
			fstatat(dirfd(dir), e->d_name, &st,
				AT_SYMLINK_NOFOLLOW) < 0 ||
			!S_ISDIR(st.st_mode))
			continue;
		if (++w->seen > SCOPES_MAX)
			return -E2BIG;
		f.inode = (uint64_t)st.st_ino;
		n = snprintf(f.cgroup, sizeof(f.cgroup), "/user.slice/%s/%s",
			slice, e->d_name);
		if (n > 0 && (size_t)n < sizeof(f.cgroup))
			w->take(&f, w->context);
	}
	return 0;
}

int scopes_each(const char *cgroup_root, uint32_t uid_min, uint32_t uid_max,
	scope_take *take, void *context)
{
	_cleanup_close_ int root =
		open(cgroup_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_closedir_ DIR *user = NULL;
	struct walk w = {.take = take, .context = context};

	if (root < 0)
		return -errno;
	user = open_folder(root, "user.slice");
	if (!user)
		return errno == ENOENT ? 0 : -errno;
	for (const struct dirent *e; (e = readdir(user));) {
		uint32_t uid = scope_slice_uid(e->d_name);
		int r;

		if (uid == 0 || uid < uid_min || uid > uid_max)
			continue;
		r = slice_each(dirfd(user), e->d_name, &w);
		if (r < 0)
			return r;
	}
	return 0;
}
