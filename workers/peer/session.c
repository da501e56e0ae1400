/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads session records: every key must be there and well formed, or there
 * is no session.
 */
#include "workers/peer/session.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/keyfile.h"
#include "base/number.h"

const struct session_places session_places_host = {
	.records = SESSION_DIR,
	.cgroups = SESSION_CGROUP_ROOT,
	.owner = 0,
};

/* logind: "session-" ID ".scope", where ID is letters and digits. */
static bool scope_valid(const char *scope)
{
	static const char prefix[] = "session-", suffix[] = ".scope";
	size_t len = strlen(scope), fixed = sizeof(prefix) + sizeof(suffix) - 2;
	size_t id;

	if (len <= fixed || len >= SESSION_SCOPE_SIZE ||
		strncmp(scope, prefix, sizeof(prefix) - 1) != 0)
		return false;
	id = strspn(scope + sizeof(prefix) - 1,
		"0123456789abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	return id == len - fixed &&
	       strcmp(scope + sizeof(prefix) - 1 + id, suffix) == 0;
}

static int take_text(
	const struct keyfile *k, const char *key, char *ret, size_t size)
{
	const char *value = keyfile_text(k, key);

	if (!value || strlen(value) >= size)
		return -EBADMSG;
	memcpy(ret, value, strlen(value) + 1);
	return 0;
}

static int take_number(const struct keyfile *k, const char *key, uint64_t max,
	uint64_t *ret_value)
{
	uint64_t value;

	if (keyfile_number(k, key, &value) < 0 || value > max)
		return -EBADMSG;
	*ret_value = value;
	return 0;
}

static int take_texts(const struct keyfile *k, struct session_record *s)
{
	const struct {
		const char *key;
		char *to;
		size_t size;
	} texts[] = {
		{"uuid", s->uuid, sizeof(s->uuid)},
		{"user", s->user, sizeof(s->user)},
		{"key", s->key, sizeof(s->key)},
		{"source", s->source, sizeof(s->source)},
		{"cgroup", s->cgroup, sizeof(s->cgroup)},
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (take_text(k, texts[i].key, texts[i].to, texts[i].size) < 0)
			return -EBADMSG;
	if (!uuid_valid(s->uuid) || !name_valid(s->user) || s->cgroup[0] != '/')
		return -EBADMSG;
	return address_parse(s->source, &s->source_address) < 0 ? -EBADMSG : 0;
}

static int take_numbers(const struct keyfile *k, struct session_record *s)
{
	uint64_t uid, port, auid, ses, cgroup, monitor, start, started;

	if (take_number(k, "uid", UINT32_MAX - 1, &uid) < 0 ||
		take_number(k, "source_port", UINT16_MAX, &port) < 0 ||
		take_number(k, "auid", UINT32_MAX, &auid) < 0 ||
		take_number(k, "ses", UINT32_MAX, &ses) < 0 ||
		take_number(k, "cgroup_id", UINT64_MAX, &cgroup) < 0 ||
		take_number(k, "monitor", INT32_MAX, &monitor) < 0 ||
		take_number(k, "monitor_start", UINT64_MAX, &start) < 0 ||
		take_number(k, "started", INT64_MAX, &started) < 0)
		return -EBADMSG;
	if (uid == 0 || cgroup == 0 || monitor == 0)
		return -EBADMSG;
	s->uid = (uint32_t)uid;
	s->source_port = (uint16_t)port;
	s->auid = (uint32_t)auid;
	s->ses = (uint32_t)ses;
	s->cgroup_id = cgroup;
	s->monitor = (pid_t)monitor;
	s->monitor_start = start;
	s->started = (int64_t)started;
	return 0;
}

static int read_at(int dirfd, uid_t owner, const char *scope,
	struct session_record *ret_session)
{
	_cleanup_keyfile_ struct keyfile k = {0};
	struct session_record s = {0};
	int r;

	if (!scope_valid(scope))
		return -EINVAL;
	r = keyfile_read(dirfd, scope, owner, &k);
	if (r < 0)
		return r;
	if (take_texts(&k, &s) < 0 || take_numbers(&k, &s) < 0)
		return -EBADMSG;
	memcpy(s.scope, scope, strlen(scope) + 1);
	*ret_session = s;
	return 0;
}

static int open_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int session_read(const struct session_places *places, const char *scope,
	struct session_record *ret_session)
{
	_cleanup_close_ int dirfd = open_folder(places->records);

	if (dirfd < 0)
		return dirfd;
	return read_at(dirfd, places->owner, scope, ret_session);
}

int session_by_cgroup(const struct session_places *places, const char *cgroup,
	struct session_record *ret_session)
{
	_cleanup_close_ int root = -1;
	struct session_record s;
	const char *scope = strrchr(cgroup, '/');
	struct stat st;
	int r;

	if (cgroup[0] != '/' || !cgroup[1] || !scope)
		return -EINVAL;
	r = session_read(places, scope + 1, &s);
	if (r < 0)
		return r;
	if (strcmp(s.cgroup, cgroup) != 0)
		return -ENOENT;
	root = open_folder(places->cgroups);
	if (root < 0)
		return root;
	if (fstatat(root, cgroup + 1, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode) || (uint64_t)st.st_ino != s.cgroup_id)
		return -ENOENT;
	*ret_session = s;
	return 0;
}

int session_by_cgroup_id(const struct session_places *places, uint64_t id,
	struct session_record *ret_session)
{
	_cleanup_closedir_ DIR *dir = opendir(places->records);
	struct session_record s;
	size_t seen = 0;

	if (!dir)
		return -errno;
	if (id == 0)
		return -ENOENT;
	for (const struct dirent *e; (e = readdir(dir));) {
		if (e->d_name[0] == '.')
			continue;
		if (++seen > SESSION_SCAN_MAX)
			return -E2BIG;
		if (read_at(dirfd(dir), places->owner, e->d_name, &s) < 0 ||
			s.cgroup_id != id)
			continue;
		*ret_session = s;
		return 0;
	}
	return -ENOENT;
}
