/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/watch/wake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/keyfile.h"
#include "base/proc.h"

#define START_WAIT_MS 3000

const char *const wake_start_host[] = {"/usr/bin/systemctl", "start",
	"--no-block", "jump-apply.service", NULL};

void wake_face(const char *path, char ret_face[WAKE_FACE_SIZE])
{
	struct stat st;

	ret_face[0] = '\0';
	if (lstat(path, &st) == 0)
		snprintf(ret_face, WAKE_FACE_SIZE, "%llu.%llu.%lld.%09ld",
			(unsigned long long)st.st_ino,
			(unsigned long long)st.st_size,
			(long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

/* When it was started last with this very inbox, and how often by now. */
static bool was_woken(const struct wake *w, const char *face,
	int64_t now_boot_ms, uint64_t *ret_then_ms, uint64_t *ret_times)
{
	_cleanup_keyfile_ struct keyfile k = {0};
	const char *then;

	if (keyfile_read(w->run_fd, WAKE_FILE, w->owner, &k) < 0)
		return false;
	then = keyfile_text(&k, "inbox");
	return then && strcmp(then, face) == 0 &&
	       keyfile_number(&k, "boot_ms", ret_then_ms) == 0 &&
	       keyfile_number(&k, "times", ret_times) == 0 &&
	       *ret_then_ms <= (uint64_t)now_boot_ms;
}

static int start(const struct wake *w, const char *face, int64_t now_boot_ms,
	uint64_t times)
{
	static const char *const envp[] = {"PATH=/usr/bin:/bin", NULL};
	const struct fd_replace how = {
		.name = WAKE_FILE, .mode = 0600, .uid = -1, .gid = -1};
	const struct proc_run run = {
		.argv = w->start, .envp = envp, .timeout_ms = START_WAIT_MS};
	struct keyfile_writer out = {0};
	int r;

	keyfile_add_number(&out, "boot_ms", (uint64_t)now_boot_ms);
	keyfile_add_number(&out, "times", times);
	keyfile_add(&out, "inbox", face);
	r = keyfile_writer_replace(&out, w->run_fd, &how);
	if (r < 0)
		return r;
	r = proc_run(&run);
	return r > 0 ? -EIO : r;
}

/*
 * systemd takes a start as done when the service is just about to end: so
 * with news a few times in a row, and then with a pause.
 */
static int start_unless_just_done(
	const struct wake *w, int64_t now_boot_ms, bool news, bool *ret_soon)
{
	char face[WAKE_FACE_SIZE];
	uint64_t then_ms = 0, times = 0;
	int64_t pause_ms = WAKE_PAUSE_MS;

	wake_face(w->inbox, face);
	if (was_woken(w, face, now_boot_ms, &then_ms, &times)) {
		*ret_soon = news && times < WAKE_FEW;
		if (*ret_soon)
			pause_ms = WAKE_SOON_MS;
		if (now_boot_ms - (int64_t)then_ms < pause_ms)
			return 0;
	} else {
		*ret_soon = news;
		times = 0;
	}
	return start(w, face, now_boot_ms, times + 1);
}

static bool is_at_it(const struct wake *w)
{
	_cleanup_close_ int fd =
		w->lock ? open(w->lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;

	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 &&
	       errno == EWOULDBLOCK;
}

static bool inbox_is_news(const struct wake *w, const struct keyfile *k)
{
	const char *seen = keyfile_text(k, "inbox");
	char face[WAKE_FACE_SIZE];

	wake_face(w->inbox, face);
	return face[0] && (!seen || strcmp(seen, face) != 0);
}

static int wake(const struct wake *w, int64_t now_boot_ms, bool news,
	int64_t *ret_next_boot_ms)
{
	bool soon = news;
	int r = 0;

	if (!news || !is_at_it(w))
		r = start_unless_just_done(w, now_boot_ms, news, &soon);
	if (soon)
		*ret_next_boot_ms = now_boot_ms + WAKE_SOON_MS;
	return r;
}

int wake_apply_when_due(const struct wake *w, int64_t now_ms,
	int64_t now_boot_ms, int64_t *ret_next_boot_ms)
{
	_cleanup_keyfile_ struct keyfile k = {0};
	uint64_t next_sec = 0;
	int64_t in_ms;
	bool news;
	int r = keyfile_read(w->run_fd, WAKE_APPLY_FILE, w->owner, &k);

	*ret_next_boot_ms = INT64_MAX;
	if (r < 0 && r != -ENOENT)
		return r;
	/* No word: it has not got through since boot. */
	news = inbox_is_news(w, &k);
	if (r == -ENOENT)
		return news ? wake(w, now_boot_ms, true, ret_next_boot_ms) : 0;
	if (keyfile_number(&k, "next_open", &next_sec) < 0 ||
		next_sec > INT64_MAX / 1000)
		return -EBADMSG;
	in_ms = (int64_t)next_sec * 1000 - now_ms;
	if (next_sec > 0 && in_ms > 0)
		*ret_next_boot_ms = now_boot_ms + in_ms;
	if ((next_sec > 0 && in_ms <= 0) || news)
		return wake(w, now_boot_ms, news, ret_next_boot_ms);
	return 0;
}
