/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The watch's files and words: what it publishes is what the gates read, the
 * durable mark, an operator's confirmation, when a window's opening wakes
 * jump-apply; and a whole pass in folders of its own.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/keyfile.h"
#include "base/moment.h"
#include "workers/watch/look.h"
#include "workers/watch/pass.h"
#include "workers/watch/wake.h"
#include "tests/unit/scratch.h"

struct place {
	char folder[64];
	char run[80], state[80];
	char inbox[128], lock[128];
	struct clock_places clock;
};

static int make_place(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	if (!p)
		return -1;
	*state = p;
	if (scratch_make(p->folder, sizeof(p->folder)) < 0)
		return -1;
	snprintf(p->run, sizeof(p->run), "%s/run", p->folder);
	snprintf(p->state, sizeof(p->state), "%s/state", p->folder);
	snprintf(p->inbox, sizeof(p->inbox), "%s/snapshot.jws", p->state);
	snprintf(p->lock, sizeof(p->lock), "%s/apply.lock", p->run);
	if (mkdir(p->run, 0755) < 0 || mkdir(p->state, 0700) < 0)
		return -1;
	p->clock.run_fd = open(p->run, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	p->clock.state_fd = open(p->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	p->clock.owner = geteuid();
	return 0;
}

static void empty(int fd)
{
	_cleanup_closedir_ DIR *dir = fdopendir(fd);

	for (const struct dirent *e; dir && (e = readdir(dir));)
		(void)unlinkat(dirfd(dir), e->d_name, 0);
}

static int drop_place(void **state)
{
	struct place *p = *state;

	empty(p->clock.run_fd);
	empty(p->clock.state_fd);
	(void)rmdir(p->run);
	(void)rmdir(p->state);
	(void)rmdir(p->folder);
	free(p);
	return 0;
}

static void put(int fd, const char *name, const char *text)
{
	const struct fd_replace how = {
		.name = name, .mode = 0600, .uid = -1, .gid = -1};

	assert_int_equal(fd_replace_file(fd, &how, text, strlen(text)), 0);
}

static bool there(int fd, const char *name)
{
	return faccessat(fd, name, F_OK, 0) == 0;
}

static void the_clock_comes_back_as_written(void **state)
{
	struct place *p = *state;
	const struct clock_state s = {.trusted = true,
		.synced = true,
		.why = "ok",
		.boot_ms = 123456,
		.offset_ms = INT64_C(1795460000123),
		.anchor_offset_ms = INT64_C(1795460000100),
		.anchor_boot_ms = 1000,
		.synced_boot_ms = 123456,
		.doubt_boot_ms = 77};
	struct clock_state r = {0};

	assert_int_equal(clockfile_read(&p->clock, &r), -ENOENT);
	assert_int_equal(clockfile_write(&p->clock, &s), 0);
	assert_int_equal(clockfile_read(&p->clock, &r), 0);
	assert_true(r.trusted && r.synced);
	assert_string_equal(r.why, "ok");
	assert_true(r.boot_ms == s.boot_ms && r.offset_ms == s.offset_ms &&
		    r.anchor_offset_ms == s.anchor_offset_ms &&
		    r.anchor_boot_ms == s.anchor_boot_ms &&
		    r.synced_boot_ms == s.synced_boot_ms &&
		    r.doubt_boot_ms == s.doubt_boot_ms);
	put(p->clock.run_fd, "clock", "trusted=1\noffset_ms=7\nwhy=ok\n");
	assert_int_equal(clockfile_read(&p->clock, &r), -EBADMSG);
	put(p->clock.run_fd, "clock", "trusted=2\n");
	assert_int_equal(clockfile_read(&p->clock, &r), -EBADMSG);
}

static void the_mark_moves_by_minutes(void **state)
{
	struct place *p = *state;
	int64_t mark = -1;

	assert_int_equal(highwater_read(&p->clock, &mark), 0);
	assert_int_equal(mark, 0);
	assert_int_equal(highwater_raise(&p->clock, 0, 1000000, false), 0);
	assert_int_equal(highwater_read(&p->clock, &mark), 0);
	assert_int_equal(mark, 1000000);
	assert_int_equal(
		highwater_raise(&p->clock, mark, 1000000 + 59999, false), 0);
	assert_int_equal(highwater_read(&p->clock, &mark), 0);
	assert_int_equal(mark, 1000000);
	assert_int_equal(
		highwater_raise(&p->clock, mark, 1000000 + 60000, false), 0);
	assert_int_equal(highwater_read(&p->clock, &mark), 0);
	assert_int_equal(mark, 1060000);
	assert_int_equal(highwater_raise(&p->clock, mark, 5, true), 0);
	assert_int_equal(highwater_read(&p->clock, &mark), 0);
	assert_int_equal(mark, 5);
	put(p->clock.state_fd, "clock", "utc_ms=x\n");
	assert_int_equal(highwater_read(&p->clock, &mark), -EBADMSG);
}

static void a_confirmation_is_about_this_clock(void **state)
{
	struct place *p = *state;
	struct clock_look l = {.wall_ms = 5000000, .boot_ms = 1000000};

	assert_int_equal(confirm_take(&p->clock, &l), 0);
	put(p->clock.run_fd, CLOCK_CONFIRM_FILE,
		"boot_ms=990000\noffset_ms=4001000\n");
	assert_int_equal(confirm_take(&p->clock, &l), 1);
	assert_false(there(p->clock.run_fd, CLOCK_CONFIRM_FILE));
	assert_int_equal(confirm_take(&p->clock, &l), 0);
	/* Too old; from the future; of a clock that stepped since. */
	put(p->clock.run_fd, CLOCK_CONFIRM_FILE,
		"boot_ms=930000\noffset_ms=4000000\n");
	assert_int_equal(confirm_take(&p->clock, &l), 0);
	put(p->clock.run_fd, CLOCK_CONFIRM_FILE,
		"boot_ms=1000001\noffset_ms=4000000\n");
	assert_int_equal(confirm_take(&p->clock, &l), 0);
	put(p->clock.run_fd, CLOCK_CONFIRM_FILE,
		"boot_ms=990000\noffset_ms=4005001\n");
	assert_int_equal(confirm_take(&p->clock, &l), 0);
	put(p->clock.run_fd, CLOCK_CONFIRM_FILE, "yes\n");
	assert_true(confirm_take(&p->clock, &l) < 0);
	assert_false(there(p->clock.run_fd, CLOCK_CONFIRM_FILE));
}

static int64_t wake_at(const struct wake *w, int64_t now_ms, int want)
{
	int64_t next = 0;

	assert_int_equal(
		wake_apply_when_due(w, now_ms, now_ms - 1000000, &next), want);
	return next == INT64_MAX ? next : next + 1000000;
}

/* What stands for jump-apply here leaves a file; and the pause is over. */
static bool woken(struct place *p)
{
	bool was = there(p->clock.run_fd, "started");

	(void)unlinkat(p->clock.run_fd, "started", 0);
	(void)unlinkat(p->clock.run_fd, WAKE_FILE, 0);
	return was;
}

static const char *const *start_of(struct place *p)
{
	static char path[128];
	static const char *argv[3] = {"/usr/bin/touch", path, NULL};

	snprintf(path, sizeof(path), "%s/started", p->run);
	return argv;
}

static struct wake wake_of(struct place *p)
{
	return (struct wake){.run_fd = p->clock.run_fd,
		.owner = p->clock.owner,
		.inbox = p->inbox,
		.lock = p->lock,
		.start = start_of(p)};
}

static void an_opening_wakes(void **state)
{
	struct place *p = *state;
	const struct wake w = wake_of(p);

	assert_true(wake_at(&w, 2000000, 0) == INT64_MAX);
	put(p->clock.run_fd, WAKE_APPLY_FILE, "next_open=2003\n");
	assert_int_equal(wake_at(&w, 2000500, 0), 2003000);
	assert_false(woken(p));
	assert_true(wake_at(&w, 2003000, 0) == INT64_MAX);
	assert_true(there(p->clock.run_fd, "started"));
	assert_int_equal(unlinkat(p->clock.run_fd, "started", 0), 0);
	/* It may be at it: not again at once, but after a while. */
	(void)wake_at(&w, 2003000 + WAKE_PAUSE_MS - 1, 0);
	assert_false(there(p->clock.run_fd, "started"));
	(void)wake_at(&w, 2003000 + WAKE_PAUSE_MS, 0);
	assert_true(woken(p));
	put(p->clock.run_fd, WAKE_APPLY_FILE, "next_open=0\n");
	assert_true(wake_at(&w, 2004000, 0) == INT64_MAX);
	assert_false(woken(p));
	put(p->clock.run_fd, WAKE_APPLY_FILE, "next_open=-1\n");
	(void)wake_at(&w, 2004000, -EBADMSG);
}

static void news_in_the_inbox_wake(void **state)
{
	struct place *p = *state;
	char face[WAKE_FACE_SIZE], text[256];
	const struct wake w = wake_of(p);

	(void)wake_at(&w, 2000000, 0);
	assert_false(woken(p));
	put(p->clock.run_fd, WAKE_APPLY_FILE, "next_open=0\ninbox=\n");
	(void)wake_at(&w, 2000000, 0);
	assert_false(woken(p));
	put(p->clock.state_fd, "snapshot.jws", "one");
	(void)wake_at(&w, 2000000, 0);
	assert_true(woken(p));
	/* Its first run since boot did not get through. */
	assert_int_equal(unlinkat(p->clock.run_fd, WAKE_APPLY_FILE, 0), 0);
	(void)wake_at(&w, 2000000, 0);
	assert_true(woken(p));
	wake_face(p->inbox, face);
	snprintf(text, sizeof(text), "next_open=0\ninbox=%s\n", face);
	put(p->clock.run_fd, WAKE_APPLY_FILE, text);
	(void)wake_at(&w, 2000000, 0);
	assert_false(woken(p));
	put(p->clock.state_fd, "snapshot.jws", "two");
	(void)wake_at(&w, 2000000, 0);
	assert_true(woken(p));
}

static bool started(struct place *p)
{
	return unlinkat(p->clock.run_fd, "started", 0) == 0;
}

/* A start may get lost in a run that is about to end: a few in a row, then a
 * pause; and the pause is for this inbox, not for the next revocation. */
static void news_wake_until_they_are_seen(void **state)
{
	struct place *p = *state;
	const struct wake w = wake_of(p);
	int64_t at = 2000000;

	put(p->clock.run_fd, WAKE_APPLY_FILE, "next_open=0\ninbox=\n");
	put(p->clock.state_fd, "snapshot.jws", "one");
	for (int i = 0; i < WAKE_FEW; i++, at += WAKE_SOON_MS) {
		assert_int_equal(wake_at(&w, at, 0), at + WAKE_SOON_MS);
		assert_true(started(p));
		(void)wake_at(&w, at + WAKE_SOON_MS - 1, 0);
		assert_false(started(p));
	}
	assert_true(wake_at(&w, at, 0) == INT64_MAX);
	assert_false(started(p));
	(void)wake_at(&w, at + WAKE_PAUSE_MS, 0);
	assert_true(started(p));
	put(p->clock.state_fd, "snapshot.jws", "other");
	(void)wake_at(&w, at + WAKE_PAUSE_MS + 1, 0);
	assert_true(woken(p));
}

/* It takes news before it goes: no start, but a look soon. */
static void one_that_is_at_it_is_left_alone(void **state)
{
	struct place *p = *state;
	const struct wake w = wake_of(p);
	int fd;

	put(p->clock.run_fd, WAKE_APPLY_FILE, "next_open=0\ninbox=\n");
	put(p->clock.state_fd, "snapshot.jws", "one");
	fd = enforce_lock(p->lock, 0);
	assert_true(fd >= 0);
	assert_int_equal(wake_at(&w, 2000000, 0), 2000000 + WAKE_SOON_MS);
	assert_false(started(p));
	close(fd);
	(void)wake_at(&w, 2000000, 0);
	assert_true(woken(p));
}

static void check_words(const struct audit_look *a, int64_t boot_ms,
	struct lost_memory *m, const char *audit, const char *daemon,
	const char *lost)
{
	struct health h = {0};

	look_words(a, boot_ms, m, &h);
	assert_string_equal(h.audit, audit);
	assert_string_equal(h.auditd, daemon);
	assert_string_equal(h.lost, lost);
}

static void audit_in_words(void **state)
{
	struct audit_look good = {
		.enabled = true, .daemon_alive = true, .lost = 3};
	struct audit_look a = good;
	struct lost_memory m = {0};

	(void)state;
	check_words(&a, 1000, &m, "ok", "ok", "ok"); /* lost at boot: known */
	a.lost = 4;
	check_words(&a, 2000, &m, "ok", "ok", "records");
	check_words(&a, 2000 + LOOK_LOST_MS - 1, &m, "ok", "ok", "records");
	check_words(&a, 2000 + LOOK_LOST_MS, &m, "ok", "ok", "ok");
	a.lost = 5;
	check_words(&a, 900000, &m, "ok", "ok", "records");
	a.lost = 0; /* auditctl --reset-lost */
	check_words(&a, 901000, &m, "ok", "ok", "ok");
	a = good;
	a.enabled = false;
	check_words(&a, 1, &m, "off", "ok", "records");
	m.since_ms = 0;
	a = good;
	a.daemon_alive = false;
	check_words(&a, 1, &m, "ok", "gone", "ok");
	a = (struct audit_look){.error = -EPERM};
	check_words(&a, 1, &m, "unreadable", "unreadable", "unreadable");
	a = (struct audit_look){.error = -ETIMEDOUT};
	check_words(&a, 1, &m, "error", "error", "error");
	/* The zero value says nothing good. */
	a = (struct audit_look){0};
	check_words(&a, 1, &m, "off", "gone", "ok");
}

static void the_recorder_is_looked_for_without_a_knock(void **state)
{
	struct place *p = *state;
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s/record.sock", p->run);
	assert_string_equal(look_recorder(a.sun_path), "missing");
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_string_equal(look_recorder(a.sun_path), "ok");
	assert_int_equal(accept(fd, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
	close(fd);
	assert_string_equal(look_recorder(a.sun_path), "down");
}

static void the_disk_in_words(void **state)
{
	(void)state;
	assert_string_equal(look_disk("/", 0), "ok");
	assert_string_equal(look_disk("/", UINT64_MAX), "full");
	assert_string_equal(look_disk("/nonexistent/x", 1), "missing");
}

static char told[256];

static void tell(const char *part, const char *word, bool well)
{
	size_t len = strlen(told);

	snprintf(told + len, sizeof(told) - len, "%s:%s:%d ", part, word, well);
}

static void only_changes_are_told(void **state)
{
	struct health a = {.audit = "ok",
		.auditd = "ok",
		.lost = "ok",
		.clock = "ok",
		.disk = "ok",
		.recorder = "ok"};
	struct health b = a;

	(void)state;
	told[0] = '\0';
	health_compare(NULL, &a, tell);
	health_compare(&a, &b, tell);
	assert_string_equal(told, "");
	FILL(b.auditd, "gone");
	FILL(b.disk, "full");
	health_compare(&a, &b, tell);
	assert_string_equal(told, "auditd:gone:0 disk:full:0 ");
	told[0] = '\0';
	health_compare(&b, &b, tell);
	assert_string_equal(told, "");
	health_compare(&b, &a, tell);
	assert_string_equal(told, "auditd:ok:1 disk:ok:1 ");
	told[0] = '\0';
	health_compare(NULL, &b, tell);
	assert_string_equal(told, "auditd:gone:0 disk:full:0 ");
}

/* Where there is nothing but a clock and its mark. */
struct bare {
	struct place *p;
	char nothing[128], clock[128];
	struct enforce_places places;
	struct watch watch;
	int64_t next;
};

static void bare_of(struct place *p, struct bare *ret)
{
	ret->p = p;
	snprintf(ret->nothing, sizeof(ret->nothing), "%s/nothing", p->run);
	snprintf(ret->clock, sizeof(ret->clock), "%s/clock", p->run);
	ret->places = (struct enforce_places){
		.sessions = {.records = p->state,
			.cgroups = p->state,
			.owner = geteuid()},
		.connections = ret->nothing,
		.rights = ret->nothing,
		.ends = ret->nothing,
		.owner = geteuid(),
	};
	ret->watch = (struct watch){
		.clock = p->clock,
		.enforcer = {.places = &ret->places, .by = "test"},
		.wake = wake_of(p),
		.recordings = "/",
		.recorder = ret->nothing,
		.lock = p->lock,
	};
}

/* A pass's result, and the clock that it published. */
static int pass(struct bare *b, struct moment_clock *ret_clock)
{
	int r = watch_pass(&b->watch, &b->next);

	assert_int_equal(
		moment_clock_read_at(b->clock, geteuid(), ret_clock), 0);
	return r;
}

/* All of it once: what is published, the gates' own readers take. */
static void a_pass_publishes_for_the_gates(void **state)
{
	struct moment_clock clock;
	struct health health;
	struct bare b;
	char path[128];
	int64_t mark = 0;

	bare_of(*state, &b);
	assert_int_equal(pass(&b, &clock), 0);
	assert_true(b.next == INT64_MAX);
	assert_true(llabs(moment_now_ms(&clock) - moment_wall_ms()) < 100);
	snprintf(path, sizeof(path), "%s/health", b.p->run);
	assert_int_equal(health_read(path, geteuid(), 5, &health), 0);
	assert_string_equal(health.recorder, "missing");
	assert_string_equal(health.clock, clock.trusted ? "ok" : clock.why);
	assert_int_equal(highwater_read(&b.p->clock, &mark), 0);
	if (clock.trusted)
		assert_true(llabs(mark - moment_wall_ms()) < 1000);
}

static void confirm_the_clock(struct place *p)
{
	char text[128];

	snprintf(text, sizeof(text), "boot_ms=%lld\noffset_ms=%lld\n",
		(long long)moment_boot_ms(),
		(long long)(moment_wall_ms() - moment_boot_ms()));
	put(p->clock.run_fd, CLOCK_CONFIRM_FILE, text);
}

/* One that can't be read may lie ahead of us; an operator knows. */
static void a_mark_in_doubt_is_told_to_the_gates(void **state)
{
	struct moment_clock clock;
	struct bare b;
	int64_t mark = 0;

	bare_of(*state, &b);
	put(b.p->clock.state_fd, "clock", "garbage");
	(void)pass(&b, &clock);
	assert_false(clock.trusted);
	assert_string_equal(clock.why, "mark");
	confirm_the_clock(b.p);
	assert_int_equal(pass(&b, &clock), 0);
	assert_true(clock.trusted);
	assert_int_equal(highwater_read(&b.p->clock, &mark), 0);
	assert_true(llabs(mark - moment_wall_ms()) < 1000);
	/* And a mark ahead of the clock is doubt again. */
	assert_int_equal(highwater_raise(&b.p->clock, 0,
				 moment_wall_ms() + 3600000, true),
		0);
	assert_int_equal(pass(&b, &clock), 0);
	assert_false(clock.trusted);
	assert_string_equal(clock.why, "past");
}

#define IN_PLACE(test)                                                         \
	cmocka_unit_test_setup_teardown(test, make_place, drop_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(the_clock_comes_back_as_written),
		IN_PLACE(the_mark_moves_by_minutes),
		IN_PLACE(a_confirmation_is_about_this_clock),
		IN_PLACE(an_opening_wakes),
		IN_PLACE(news_in_the_inbox_wake),
		IN_PLACE(news_wake_until_they_are_seen),
		IN_PLACE(one_that_is_at_it_is_left_alone),
		cmocka_unit_test(audit_in_words),
		IN_PLACE(the_recorder_is_looked_for_without_a_knock),
		cmocka_unit_test(the_disk_in_words),
		cmocka_unit_test(only_changes_are_told),
		IN_PLACE(a_pass_publishes_for_the_gates),
		IN_PLACE(a_mark_in_doubt_is_told_to_the_gates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
