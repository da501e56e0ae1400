/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/relay/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/proc.h"

static int open_folder(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/*
 * Files go to the folder's group: those who may look into it. As a service
 * that is our own group, and changing owners is forbidden to us: then -1.
 */
static int folder_group(int dirfd, gid_t *ret_gid)
{
	struct stat st;

	if (fstat(dirfd, &st) < 0)
		return -errno;
	*ret_gid = st.st_gid == getegid() ? (gid_t)-1 : st.st_gid;
	return 0;
}

static void describe(const struct connection *c, struct keyfile_writer *w)
{
	const struct session_record *s = &c->who->session;
	char address[ADDRESS_TEXT_SIZE], proto[PROTO_TEXT_SIZE];
	unsigned long long start = 0;

	if (proc_start_time(getpid(), &start) < 0)
		w->error = -ESRCH;
	keyfile_add(w, "session", s->uuid);
	keyfile_add(w, "scope", s->scope);
	keyfile_add_number(w, "uid", s->uid);
	keyfile_add(w, "user", s->user);
	keyfile_add(w, "grant", c->permit.grant);
	keyfile_add(w, "target", c->permit.target);
	keyfile_add(w, "proto", proto_text(c->permit.proto, c->to.port, proto));
	keyfile_add(w, "address",
		address_format(&c->to.address, address, sizeof(address)));
	keyfile_add_number(w, "port", c->to.port);
	keyfile_add(w, "channel",
		c->who->channel == CHANNEL_TUNNEL ? "tunnel" : "brokered");
	keyfile_add_number(w, "pid", (uint64_t)getpid());
	keyfile_add_number(w, "pid_start", start);
	keyfile_add_number(w, "started", (uint64_t)c->opened);
	keyfile_add_number(w, "until", (uint64_t)c->permit.until);
	keyfile_add_number(w, "recorded", c->live_fd >= 0);
}

/* Written beside, then given its name, which nobody may have had. */
static int create_named(
	int dirfd, const char *conn, gid_t gid, const struct keyfile_writer *w)
{
	_cleanup_close_ int fd = -1;
	char beside[CONN_SIZE + 8];
	int r = 0;

	snprintf(beside, sizeof(beside), ".%s.new", conn);
	fd = openat(dirfd, beside,
		O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (gid != (gid_t)-1 && fchown(fd, (uid_t)-1, gid) < 0)
		r = -errno;
	if (r == 0 && fchmod(fd, 0640) < 0)
		r = -errno;
	if (r == 0)
		r = fd_write_all(fd, w->bytes, w->len);
	if (r == 0 &&
		renameat2(dirfd, beside, dirfd, conn, RENAME_NOREPLACE) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dirfd, beside, 0);
	return r;
}

int record_create(const char *dir, const struct connection *c)
{
	_cleanup_close_ int dirfd = open_folder(dir);
	struct keyfile_writer w = {0};
	gid_t gid = (gid_t)-1;
	int r;

	if (dirfd < 0)
		return dirfd;
	r = folder_group(dirfd, &gid);
	if (r < 0)
		return r;
	describe(c, &w);
	if (w.error)
		return w.error;
	return create_named(dirfd, c->conn, gid, &w);
}

static int replace(
	const char *dir, const char *name, const struct keyfile_writer *w)
{
	_cleanup_close_ int dirfd = open_folder(dir);
	struct fd_replace how = {.name = name, .mode = 0640, .uid = (uid_t)-1};
	int r;

	if (dirfd < 0)
		return dirfd;
	r = folder_group(dirfd, &how.gid);
	return r < 0 ? r : keyfile_writer_replace(w, dirfd, &how);
}

int record_update(const char *dir, const struct connection *c)
{
	struct keyfile_writer w = {0};

	describe(c, &w);
	return replace(dir, c->conn, &w);
}

void record_remove(const char *dir, const char *conn)
{
	_cleanup_close_ int dirfd = open_folder(dir);

	if (dirfd >= 0)
		(void)unlinkat(dirfd, conn, 0);
}

int record_closed(const char *dir, const struct connection *c)
{
	struct keyfile_writer w = {0};

	keyfile_add(&w, "session", c->who->session.uuid);
	keyfile_add_number(&w, "uid", c->who->session.uid);
	keyfile_add(&w, "reason", c->reason);
	keyfile_add_number(&w, "bytes_in", c->bytes_in);
	keyfile_add_number(&w, "bytes_out", c->bytes_out);
	keyfile_add_number(&w, "ended_ms", (uint64_t)moment_boot_ms());
	return replace(dir, c->conn, &w);
}

/* A record of that name which belongs to that session. */
static int read_own(const char *dir, const char *conn,
	const struct session_record *session, struct keyfile *ret)
{
	_cleanup_close_ int dirfd = open_folder(dir);
	_cleanup_keyfile_ struct keyfile k = {0};
	const char *uuid;
	uint64_t uid;
	int r;

	if (dirfd < 0)
		return dirfd;
	r = keyfile_read(dirfd, conn, getuid(), &k);
	if (r < 0)
		return r;
	uuid = keyfile_text(&k, "session");
	if (!uuid || strcmp(uuid, session->uuid) != 0 ||
		keyfile_number(&k, "uid", &uid) < 0 || uid != session->uid)
		return -ENOENT;
	*ret = k;
	k = (struct keyfile){0};
	return 0;
}

static bool still_kept(const struct keyfile *k)
{
	int64_t now_ms = moment_boot_ms();
	uint64_t ended_ms;

	return keyfile_number(k, "ended_ms", &ended_ms) == 0 &&
	       ended_ms <= (uint64_t)now_ms &&
	       (uint64_t)now_ms - ended_ms < CLOSED_KEPT_MS;
}

int record_status(const char *live_dir, const char *closed_dir,
	const char *conn, const struct session_record *session,
	char *ret_answer, size_t size)
{
	_cleanup_keyfile_ struct keyfile k = {0};
	const char *reason;
	uint64_t in, out;
	int r = read_own(live_dir, conn, session, &k);

	if (r == 0) {
		snprintf(ret_answer, size, "open");
		return 0;
	}
	r = read_own(closed_dir, conn, session, &k);
	if (r < 0)
		return r;
	reason = keyfile_text(&k, "reason");
	if (!reason || keyfile_number(&k, "bytes_in", &in) < 0 ||
		keyfile_number(&k, "bytes_out", &out) < 0)
		return -EBADMSG;
	if (!still_kept(&k))
		return -ENOENT;
	snprintf(ret_answer, size,
		"closed reason=%s bytes_in=%llu bytes_out=%llu", reason,
		(unsigned long long)in, (unsigned long long)out);
	return 0;
}

void record_closed_sweep(const char *dir)
{
	_cleanup_closedir_ DIR *d = opendir(dir);

	for (const struct dirent *e; d && (e = readdir(d));) {
		_cleanup_keyfile_ struct keyfile k = {0};

		if (!conn_valid(e->d_name))
			continue;
		if (keyfile_read(dirfd(d), e->d_name, getuid(), &k) < 0 ||
			!still_kept(&k))
			(void)unlinkat(dirfd(d), e->d_name, 0);
	}
}

static bool alive(const struct record_life *life)
{
	unsigned long long start;

	return proc_start_time(life->pid, &start) == 0 && start == life->start;
}

static int take_life(const struct keyfile *k, struct record_life *ret)
{
	const char *scope = keyfile_text(k, "scope");
	struct session_record session;
	uint64_t pid, start, uid;

	if (!scope || keyfile_number(k, "pid", &pid) < 0 || pid == 0 ||
		pid > INT32_MAX || keyfile_number(k, "pid_start", &start) < 0 ||
		keyfile_number(k, "uid", &uid) < 0 || uid > UINT32_MAX)
		return -EBADMSG;
	*ret = (struct record_life){
		.pid = (pid_t)pid, .start = start, .uid = (uint32_t)uid};
	if (session_read(&session_places_host, scope, &session) == 0)
		ret->session = session.cgroup_id;
	return 0;
}

int record_sweep(const char *dir, const struct record_sweeper *sweeper)
{
	_cleanup_closedir_ DIR *d = opendir(dir);
	int living = 0;

	if (!d)
		return -errno;
	for (const struct dirent *e; (e = readdir(d));) {
		_cleanup_keyfile_ struct keyfile k = {0};
		struct record_life life;

		if (!conn_valid(e->d_name))
			continue;
		if (keyfile_read(dirfd(d), e->d_name, getuid(), &k) < 0)
			continue;
		if (take_life(&k, &life) == 0 && alive(&life)) {
			sweeper->adopt(sweeper->context, &life);
			living++;
			continue;
		}
		sweeper->bury(sweeper->context, e->d_name, &k);
		(void)unlinkat(dirfd(d), e->d_name, 0);
	}
	return living;
}
