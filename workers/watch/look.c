/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/watch/look.h"

#include <errno.h>
#include <libaudit.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/keyfile.h"
#include "base/moment.h"

#define AUDIT_WAIT_MS 500
#define FILES_RESERVE 256 /* free inodes */

static void set_word(char *word, const char *text)
{
	snprintf(word, HEALTH_WORD_SIZE, "%s", text);
}

/* The answer among whatever else the socket brings, in bounded time. */
static int await_status(int fd, struct audit_look *ret)
{
	const int64_t end_ms = moment_boot_ms() + AUDIT_WAIT_MS;

	for (;;) {
		struct audit_reply reply;
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left_ms = end_ms - moment_boot_ms();

		if (left_ms <= 0 || poll(&p, 1, (int)left_ms) <= 0)
			return -ETIMEDOUT;
		if (audit_get_reply(fd, &reply, GET_REPLY_NONBLOCKING, 0) <= 0)
			continue;
		if (reply.type == NLMSG_ERROR && reply.error &&
			reply.error->error != 0)
			return reply.error->error;
		if (reply.type != AUDIT_GET)
			continue;
		ret->enabled = reply.status->enabled != 0;
		ret->lost = reply.status->lost;
		ret->daemon_alive = reply.status->pid != 0 &&
				    (kill((pid_t)reply.status->pid, 0) == 0 ||
					    errno == EPERM);
		return 0;
	}
}

struct audit_look look_audit(void)
{
	_cleanup_close_ int fd = audit_open();
	struct audit_look a = {0};
	int r;

	if (fd < 0) {
		a.error = errno ? -errno : -EIO;
		return a;
	}
	r = audit_request_status(fd);
	a.error = r < 0 ? r : await_status(fd, &a);
	return a;
}

static void lost_judge(
	const struct audit_look *a, int64_t boot_ms, struct lost_memory *m)
{
	if (m->known && a->lost > m->lost)
		m->since_ms = boot_ms;
	else if (m->known && a->lost < m->lost)
		m->since_ms = 0; /* an administrator has reset it */
	m->lost = a->lost;
	m->known = true;
}

void look_words(const struct audit_look *a, int64_t boot_ms,
	struct lost_memory *memory, struct health *h)
{
	bool lately;

	if (a->error < 0) {
		const char *word = a->error == -EPERM ? "unreadable" : "error";

		set_word(h->audit, word);
		set_word(h->auditd, word);
		set_word(h->lost, word);
		h->lost_count = memory->lost;
		return;
	}
	lost_judge(a, boot_ms, memory);
	lately = memory->since_ms > 0 &&
		 boot_ms - memory->since_ms < LOOK_LOST_MS;
	set_word(h->audit, a->enabled ? "ok" : "off");
	set_word(h->auditd, a->daemon_alive ? "ok" : "gone");
	set_word(h->lost, lately ? "records" : "ok");
	h->lost_count = a->lost;
}

const char *look_disk(const char *path, uint64_t reserve_mib)
{
	struct statvfs v;
	uint64_t free_mib;

	if (statvfs(path, &v) < 0)
		return errno == ENOENT ? "missing" : "unreadable";
	free_mib = (uint64_t)v.f_bavail / 1024 * v.f_frsize / 1024;
	if (free_mib < reserve_mib ||
		(v.f_files > 0 && v.f_favail < FILES_RESERVE))
		return "full";
	return "ok";
}

/*
 * A stream socket can't connect to a seqpacket one: EPROTOTYPE says that
 * somebody holds that address, and no recorder is started for it.
 */
const char *look_recorder(const char *path)
{
	_cleanup_close_ int fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	if (fd < 0 || strlen(path) >= sizeof(a.sun_path))
		return "error";
	memcpy(a.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return "error"; /* that is no recorder of ours */
	if (errno == EPROTOTYPE)
		return "ok";
	return errno == ENOENT ? "missing" : "down";
}

int health_write(
	int dirfd, const struct health *h, const struct lost_memory *memory)
{
	const struct fd_replace how = {
		.name = "health", .mode = 0644, .uid = -1, .gid = -1};
	struct keyfile_writer w = {0};

	keyfile_add_number(&w, "boot_ms", (uint64_t)h->boot_ms);
	keyfile_add(&w, "audit", h->audit);
	keyfile_add(&w, "auditd", h->auditd);
	keyfile_add(&w, "lost", h->lost);
	keyfile_add(&w, "clock", h->clock);
	keyfile_add(&w, "disk", h->disk);
	keyfile_add(&w, "recorder", h->recorder);
	keyfile_add_number(&w, "lost_count", h->lost_count);
	keyfile_add_number(&w, "lost_known", memory->known);
	keyfile_add_number(&w, "lost_boot_ms", (uint64_t)memory->since_ms);
	return keyfile_writer_replace(&w, dirfd, &how);
}

static void take_word(const struct keyfile *k, const char *key, char *ret_word)
{
	const char *word = keyfile_text(k, key);

	set_word(ret_word, word && strlen(word) < HEALTH_WORD_SIZE ? word : "");
}

int health_remember(int dirfd, uid_t owner, struct health *ret_health,
	struct lost_memory *ret_memory)
{
	_cleanup_keyfile_ struct keyfile k = {0};
	struct health h = {0};
	struct lost_memory m = {0};
	uint64_t known = 0, since_ms = 0;
	int r = keyfile_read(dirfd, "health", owner, &k);

	if (r < 0)
		return r;
	take_word(&k, "audit", h.audit);
	take_word(&k, "auditd", h.auditd);
	take_word(&k, "lost", h.lost);
	take_word(&k, "clock", h.clock);
	take_word(&k, "disk", h.disk);
	take_word(&k, "recorder", h.recorder);
	if (keyfile_number(&k, "lost_known", &known) == 0 && known == 1 &&
		keyfile_number(&k, "lost_count", &m.lost) == 0 &&
		keyfile_number(&k, "lost_boot_ms", &since_ms) == 0 &&
		since_ms <= INT64_MAX) {
		m.known = true;
		m.since_ms = (int64_t)since_ms;
	}
	*ret_health = h;
	*ret_memory = m;
	return 0;
}

void health_compare(
	const struct health *prev, const struct health *now, health_tell *tell)
{
	static const struct {
		const char *part;
		size_t offset;
	} parts[] = {
		{"audit", offsetof(struct health, audit)},
		{"auditd", offsetof(struct health, auditd)},
		{"lost", offsetof(struct health, lost)},
		{"clock", offsetof(struct health, clock)},
		{"disk", offsetof(struct health, disk)},
		{"recorder", offsetof(struct health, recorder)},
	};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const char *was =
			prev ? (const char *)prev + parts[i].offset : "ok";
		const char *is = (const char *)now + parts[i].offset;

		if (strcmp(was, is) != 0)
			tell(parts[i].part, is, strcmp(is, "ok") == 0);
	}
}
