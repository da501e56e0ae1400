/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DIR/bastion is made beside its place and swapped in, so that jump-fetch
 * finds the old identity or the new one, never half of both.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "jumpctl/join.h"

#define STAGE "bastion.new"
#define PLACE "bastion"

static gid_t fetch_group(void)
{
	const struct group *g = getgrnam("jump-fetch");

	return g ? g->gr_gid : (gid_t)-1;
}

static int write_file(
	int dirfd, const char *name, mode_t mode, gid_t gid, const char *text)
{
	const struct fd_replace how = {
		.name = name,
		.mode = mode,
		.uid = (uid_t)-1,
		.gid = gid,
		.durable = 1,
	};

	return fd_replace_file(dirfd, &how, text, strlen(text));
}

/* Of our own making, or of a join that did not come to its end. */
static int remove_folder(int dirfd, const char *name)
{
	static const char *const known[] = {
		"ca.crt", "client.crt", "client.key", "seal.jwk", "url"};
	_cleanup_close_ int fd = openat(
		dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (unlinkat(fd, known[i], 0) < 0 && errno != ENOENT)
			return -errno;
	return unlinkat(dirfd, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

static int make_folder(
	int dirfd, const char *name, mode_t mode, gid_t gid, int *ret_fd)
{
	_cleanup_close_ int fd = -1;

	if (mkdirat(dirfd, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(
		dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchown(fd, (uid_t)-1, gid) < 0 || fchmod(fd, mode) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int write_stage(int dirfd, const struct join_files *f)
{
	const gid_t group = fetch_group();
	_cleanup_close_ int fd = -1;
	const struct {
		const char *name, *text;
		mode_t mode;
	} files[] = {
		{"ca.crt", f->ca, 0640},
		{"client.crt", f->certificate, 0640},
		{"client.key", f->key, 0640},
		{"url", f->url, 0640},
		{"seal.jwk", f->seal, 0600},
	};
	int r;

	r = remove_folder(dirfd, STAGE);
	if (r == 0)
		r = make_folder(dirfd, STAGE, 0750, group, &fd);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(files); i++)
		r = write_file(fd, files[i].name, files[i].mode,
			files[i].mode == 0600 ? (gid_t)-1 : group,
			files[i].text);
	return r;
}

static int write_trust(int dirfd, const json_t *trust)
{
	_cleanup_close_ int fd = -1;
	int r = make_folder(dirfd, "trust", 0755, (gid_t)-1, &fd);

	for (size_t i = 0; r == 0 && i < json_array_size(trust); i++) {
		const json_t *key = json_array_get(trust, i);
		_cleanup_free_ char *text =
			json_dumps(key, JSON_COMPACT | JSON_SORT_KEYS);
		char name[ID_SIZE + 8];

		snprintf(name, sizeof(name), "%s.jwk",
			json_string_value(json_object_get(key, "kid")));
		r = text ? write_file(fd, name, 0644, (gid_t)-1, text)
			 : -ENOMEM;
	}
	return r;
}

static int swap(int dirfd)
{
	if (renameat2(dirfd, STAGE, dirfd, PLACE, RENAME_EXCHANGE) < 0) {
		if (errno != ENOENT)
			return -errno;
		return renameat(dirfd, STAGE, dirfd, PLACE) < 0 ? -errno : 0;
	}
	return remove_folder(dirfd, STAGE); /* the old one stands there now */
}

int join_write(const struct join_files *files)
{
	_cleanup_close_ int dirfd =
		open(files->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (dirfd < 0)
		return -errno;
	r = write_stage(dirfd, files);
	if (r == 0)
		r = write_trust(dirfd, files->trust);
	if (r == 0)
		r = swap(dirfd);
	if (r == 0 && fsync(dirfd) < 0)
		r = -errno;
	return r;
}
