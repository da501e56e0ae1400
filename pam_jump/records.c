/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading and writing of session records. A record lives as long as its
 * monitor; the deadline worker removes what a killed monitor left.
 */
#include "pam_jump/records.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/keyfile.h"
#include "base/moment.h"
#include "base/number.h"
#include "base/proc.h"
#include "base/trusted.h"
#include "pam_jump/places.h"

#define LOCK_WAIT_MS 3000
#define LOCK_NAP_MS  5
#define PROC_ENTRY_MAX 64

/* Is the process that the record names still the same one? */
static bool monitor_lives(const struct keyfile *k)
{
	uint64_t pid = 0, start = 0;
	unsigned long long now_start = 0;

	if (keyfile_number(k, "monitor", &pid) < 0 || pid == 0 ||
		pid > INT32_MAX ||
		keyfile_number(k, "monitor_start", &start) < 0)
		return true; /* not understood: count it */
	return proc_start_time((pid_t)pid, &now_start) == 0 &&
	       now_start == start;
}

static bool text_is(const struct keyfile *k, const char *key, const char *want)
{
	const char *value = keyfile_text(k, key);

	return value && want[0] && strcmp(value, want) == 0;
}

static void survey_one(const struct keyfile *k, const struct who *who,
	uint32_t uid, struct survey *survey)
{
	uint64_t of = 0, started = 0;

	if (!monitor_lives(k))
		return;
	survey->host++;
	if (keyfile_number(k, "uid", &of) < 0 || of != uid)
		return;
	survey->user++;
	if (!text_is(k, "key", who->key_name) ||
		!text_is(k, "source", who->source_text) ||
		!text_is(k, "factor", "code"))
		return;
	if (keyfile_number(k, "started", &started) == 0 &&
		started <= INT64_MAX &&
		(int64_t)started > survey->code_started)
		survey->code_started = (int64_t)started;
}

static int survey_dir(int dirfd, const struct who *who, uint32_t uid,
	struct survey *survey)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;
	unsigned seen = 0;

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		int r = -errno;

		if (fd >= 0)
			(void)close(fd);
		return r;
	}
	for (errno = 0; (entry = readdir(dir)) != NULL; errno = 0) {
		_cleanup_keyfile_ struct keyfile k = {0};
		int r;

		if (entry->d_name[0] == '.')
			continue;
		if (++seen > RECORDS_MAX)
			return -E2BIG;
		r = keyfile_read(dirfd, entry->d_name, PAM_JUMP_OWNER, &k);
		if (r == 0)
			survey_one(&k, who, uid, survey);
		else if (r != -ENOENT)
			survey->host++;
	}
	return -errno;
}

static int sessions_open(void)
{
	int fd = open(PLACE_SESSIONS,
		O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : fd;
}

int records_survey(
	const struct who *who, uint32_t uid, struct survey *ret_survey)
{
	_cleanup_close_ int dir = sessions_open();
	struct survey survey = {0};
	int r = dir == -ENOENT ? 0 : dir;

	if (dir >= 0)
		r = survey_dir(dir, who, uid, &survey);
	if (r < 0)
		return r;
	*ret_survey = survey;
	return 0;
}

/* A number of /proc/self; unset is UINT32_MAX there and in the record. */
static int proc_number(const char *path, uint32_t *ret_value)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[PROC_ENTRY_MAX];
	uint64_t value;
	ssize_t n;
	int r;

	if (fd < 0)
		return -errno;
	n = fd_read_full(fd, text, sizeof(text) - 1);
	if (n < 0)
		return (int)n;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	r = number_parse(text, 0, UINT32_MAX, &value);
	if (r == 0)
		*ret_value = (uint32_t)value;
	return r;
}

static int record_fill(struct keyfile_writer *w, const struct login_record *record)
{
	unsigned long long start = 0;
	uint32_t auid = 0, ses = 0;
	int r = proc_start_time(getpid(), &start);

	if (r == 0)
		r = proc_number("/proc/self/loginuid", &auid);
	if (r == 0)
		r = proc_number("/proc/self/sessionid", &ses);
	if (r < 0)
		return r;
	keyfile_add(w, "uuid", record->who->session);
	keyfile_add_number(w, "uid", record->uid);
	keyfile_add(w, "user", record->who->user);
	keyfile_add(w, "key", record->who->key_name);
	keyfile_add(w, "source", record->who->source_text);
	keyfile_add_number(w, "source_port", record->who->source_port);
	keyfile_add(w, "factor", record->by_code ? "code" : "grace");
	keyfile_add_number(w, "auid", auid);
	keyfile_add_number(w, "ses", ses);
	keyfile_add(w, "cgroup", record->scope->cgroup);
	keyfile_add_number(w, "cgroup_id", record->scope->cgroup_id);
	keyfile_add_number(w, "monitor", (uint64_t)getpid());
	keyfile_add_number(w, "monitor_start", start);
	keyfile_add_number(w, "started", (uint64_t)record->started);
	return w->error;
}

/* The folder itself is what writers lock; readers need no lock. */
static int folder_lock(int dir)
{
	const struct timespec nap = {.tv_nsec = LOCK_NAP_MS * 1000000L};
	int64_t deadline_ms = moment_boot_ms() + LOCK_WAIT_MS;

	while (flock(dir, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (moment_boot_ms() >= deadline_ms)
			return -ETIMEDOUT;
		(void)nanosleep(&nap, NULL);
	}
	return 0;
}

/* The group of the folder is the one that may read: jump-gates. */
static int record_place(int dir, const struct login_record *record,
	const struct keyfile_writer *w)
{
	struct fd_replace how = {
		.name = record->scope->name,
		.mode = 0640,
		.uid = (uid_t)-1,
	};
	struct stat st;

	if (fstat(dir, &st) < 0)
		return -errno;
	how.gid = st.st_gid;
	return keyfile_writer_replace(w, dir, &how);
}

int records_write(const struct login_record *record, unsigned user_max,
	unsigned host_max)
{
	_cleanup_close_ int dir = sessions_open();
	struct keyfile_writer w = {0};
	struct survey survey = {0};
	int r = dir < 0 ? dir : folder_lock(dir);

	if (r == 0)
		r = survey_dir(dir, record->who, record->uid, &survey);
	if (r < 0)
		return r;
	if (survey.user >= user_max)
		return -EDQUOT;
	if (survey.host >= host_max)
		return -EUSERS;
	r = record_fill(&w, record);
	return r < 0 ? r : record_place(dir, record, &w);
}

int records_remove(const char *scope, const char *session, uint32_t *ret_uid,
	int64_t *ret_started)
{
	_cleanup_keyfile_ struct keyfile k = {0};
	_cleanup_close_ int dir = sessions_open();
	uint64_t started = 0, uid = 0;
	int r;

	if (dir < 0)
		return dir;
	r = keyfile_read(dir, scope, PAM_JUMP_OWNER, &k);
	if (r < 0)
		return r;
	if (!text_is(&k, "uuid", session))
		return -ESTALE;
	if (keyfile_number(&k, "started", &started) < 0 ||
		started > INT64_MAX || keyfile_number(&k, "uid", &uid) < 0 ||
		uid > UINT32_MAX)
		return -EBADMSG;
	*ret_uid = (uint32_t)uid;
	*ret_started = (int64_t)started;
	return unlinkat(dir, scope, 0) < 0 ? -errno : 0;
}
