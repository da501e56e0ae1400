/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The copy is made first and loaded from there, so that what is kept is what
 * was judged. Copies stand in policy-a and policy-b; the link `policy` names
 * the good one.
 */
#include "workers/apply/lastpolicy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/trusted.h"

#define FILE_MAX_BYTES ((size_t)4 << 20)
#define FILES_MAX      512
#define PATH_SIZE      4096

static const char *const copies[] = {"policy-a", "policy-b"};

/* "a" when the link names it, else "b"; the other one is free. */
static const char *free_copy(int state_fd, const char **ret_kept)
{
	char name[16] = "";
	ssize_t n =
		readlinkat(state_fd, LASTPOLICY_NAME, name, sizeof(name) - 1);

	name[n > 0 ? n : 0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(copies); i++) {
		if (strcmp(name, copies[i]) == 0) {
			*ret_kept = copies[i];
			return copies[1 - i];
		}
	}
	*ret_kept = NULL;
	return copies[0];
}

static int is_conf(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return e->d_name[0] != '.' && len > strlen(".conf") &&
	       strcmp(e->d_name + len - strlen(".conf"), ".conf") == 0;
}

static void clear_folder(int dirfd, const char *name)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int fd = openat(
		dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return;
	dir = fdopendir(fd);
	if (!dir) {
		cleanup_close(&fd);
		return;
	}
	for (const struct dirent *e; (e = readdir(dir));) {
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			(void)unlinkat(fd, e->d_name, 0);
	}
}

/* An empty folder of that name with an empty policy.d in it. */
static int make_folder(int state_fd, const char *name)
{
	char inner[32];

	snprintf(inner, sizeof(inner), "%s/policy.d", name);
	clear_folder(state_fd, inner);
	(void)unlinkat(state_fd, inner, AT_REMOVEDIR);
	clear_folder(state_fd, name);
	if (mkdirat(state_fd, name, 0755) < 0 && errno != EEXIST)
		return -errno;
	return mkdirat(state_fd, inner, 0755) < 0 ? -errno : 0;
}

struct copy {
	int from, to; /* folders */
	uid_t owner;
	struct digest *digest;
};

static int copy_file(const struct copy *c, const char *dir, const char *name)
{
	_cleanup_free_ char *bytes = NULL;
	_cleanup_close_ int to =
		openat(c->to, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct fd_replace how = {
		.name = name, .mode = 0644, .uid = -1, .gid = -1, .durable = 1};
	char path[PATH_SIZE];
	size_t len;
	int r;

	if (to < 0)
		return -errno;
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >=
		sizeof(path))
		return -ENAMETOOLONG;
	r = trusted_read(c->from, path, c->owner, FILE_MAX_BYTES, &bytes, &len);
	if (r < 0)
		return r;
	digest_add(c->digest, path, strlen(path));
	digest_add(c->digest, bytes, len);
	return fd_replace_file(to, &how, bytes, len);
}

static int copy_files(const struct copy *c)
{
	struct dirent **names = NULL;
	int count = scandirat(c->from, "policy.d", &names, is_conf, alphasort);
	int r = copy_file(c, ".", "jump.conf");

	if (count < 0 && errno != ENOENT && r == 0)
		r = -errno;
	if (count > FILES_MAX && r == 0)
		r = -E2BIG;
	for (int i = 0; i < count; i++) {
		if (r == 0)
			r = copy_file(c, "policy.d", names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return r;
}

static int copy_all(const struct policy_places *places, int state_fd,
	const char *name, char ret_digest[DIGEST_SIZE])
{
	_cleanup_close_ int from =
		open(places->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int to = -1;
	struct copy c = {.from = from, .owner = places->owner};
	int r, q;

	if (from < 0)
		return -errno;
	r = make_folder(state_fd, name);
	if (r < 0)
		return r;
	to = openat(state_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	c.digest = digest_new();
	if (to < 0 || !c.digest) {
		free(c.digest);
		return to < 0 ? -errno : -ENOMEM;
	}
	c.to = to;
	r = copy_files(&c);
	q = digest_end(c.digest, ret_digest);
	if (r < 0 || q < 0)
		ret_digest[0] = '\0';
	return r < 0 ? r : q;
}

/* From now on this copy is the good one. */
static int name_good(int state_fd, const char *name)
{
	(void)unlinkat(state_fd, ".policy.new", 0);
	if (symlinkat(name, state_fd, ".policy.new") < 0 ||
		renameat(state_fd, ".policy.new", state_fd, LASTPOLICY_NAME) <
			0 ||
		fsync(state_fd) < 0)
		return -errno;
	return 0;
}

static int load_copy(const struct policy_places *places, const char *name,
	struct policy *ret_policy, struct policy_errors *ret_errors)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s", places->state, name);
	return policy_load(path, places->owner, ret_policy, ret_errors);
}

enum policy_source lastpolicy_load(const struct policy_places *places,
	struct policy *ret_policy, struct policy_errors *ret_errors,
	char ret_digest[DIGEST_SIZE])
{
	_cleanup_close_ int state =
		open(places->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_policy_ struct policy judged = {0};
	_cleanup_free_ struct policy_errors *unheard =
		calloc(1, sizeof(*unheard));
	const char *kept, *fresh;
	int r;

	ret_digest[0] = '\0';
	if (state < 0 || !unheard)
		return POLICY_NONE;
	fresh = free_copy(state, &kept);
	/* In its place first: there, folders are judged too. */
	r = policy_load(places->dir, places->owner, &judged, ret_errors);
	if (copy_all(places, state, fresh, ret_digest) == 0 && r == 0 &&
		load_copy(places, fresh, ret_policy, ret_errors) == 0) {
		(void)name_good(state, fresh);
		return POLICY_CURRENT;
	}
	if (kept && load_copy(places, kept, ret_policy, unheard) == 0)
		return POLICY_LAST_GOOD;
	return POLICY_NONE;
}
