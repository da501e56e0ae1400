/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Session records and the way from a socket to one. The peer is a real
 * process in a real cgroup where the test may make one (root on cgroup2).
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/proc.h"
#include "workers/peer/live.h"
#include "workers/peer/peer.h"
#include "tests/unit/scratch.h"

#define PEER_UID 1900000007u

static char folder[64];

static const char whole[] =
	"uuid=123e4567-e89b-42d3-a456-426614174000\n"
	"uid=%u\nuser=acme-tech1\nkey=SHA256:abc\nsource=192.0.2.7\n"
	"source_port=40000\nauid=1900000007\nses=12\ncgroup=%s\n"
	"cgroup_id=%llu\nmonitor=4711\nmonitor_start=99\n"
	"started=1700000000\n";

static struct session_places places(const char *cgroups)
{
	return (struct session_places){
		.records = folder, .cgroups = cgroups, .owner = geteuid()};
}

static void put(const char *name, const char *text)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void put_record(
	const char *name, uid_t uid, const char *cgroup, unsigned long long id)
{
	char text[2048];

	snprintf(text, sizeof(text), whole, (unsigned)uid, cgroup, id);
	put(name, text);
}

static int make_folder(void **state)
{
	(void)state;
	return scratch_make(folder, sizeof(folder));
}

static int drop_folder(void **state)
{
	(void)state;
	return scratch_drop(folder);
}

static void reads_a_whole_record(void **state)
{
	struct session_places at = places("/nowhere");
	struct session_record s;

	(void)state;
	put_record("session-12.scope", 1900000007,
		"/user.slice/user-1900000007.slice/session-12.scope", 812);
	assert_int_equal(session_read(&at, "session-12.scope", &s), 0);
	assert_int_equal(s.uid, 1900000007);
	assert_int_equal(s.ses, 12);
	assert_int_equal(s.cgroup_id, 812);
	assert_int_equal(s.source_address.family, AF_INET);
	assert_string_equal(s.user, "acme-tech1");
	assert_string_equal(s.scope, "session-12.scope");
}

static void refuses_names_that_are_no_scope(void **state)
{
	static const char *const names[] = {"", "session-.scope", "session-1",
		"../session-1.scope", "session-1.scope/", "session-1/2.scope",
		"session-1.scopes", "session-1.1.scope", "xsession-1.scope",
		"session-111111111111111111111111111111111111111111.scope"};
	struct session_places at = places("/nowhere");
	struct session_record s;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(session_read(&at, names[i], &s), -EINVAL);
	assert_int_equal(session_read(&at, "session-99.scope", &s), -ENOENT);
}

/* Each line taken away, and each value spoilt, is no session. */
static void refuses_a_record_with_a_hole(void **state)
{
	struct session_places at = places("/nowhere");
	char text[2048], less[2048];
	struct session_record s;
	size_t holes = 0;

	(void)state;
	snprintf(text, sizeof(text), whole, 1900000007u, "/a/session-5.scope",
		5ull);
	for (const char *line = text; *line; holes++) {
		const char *next = strchr(line, '\n') + 1;
		const char *equal = strchr(line, '=') + 1;

		snprintf(less, sizeof(less), "%.*s%s", (int)(line - text), text,
			next);
		put("session-5.scope", less);
		assert_int_equal(
			session_read(&at, "session-5.scope", &s), -EBADMSG);
		if (strncmp(line, "key=", 4) != 0) {
			snprintf(less, sizeof(less), "%.*s!%s",
				(int)(equal - text), text, equal);
			put("session-5.scope", less);
			assert_int_equal(
				session_read(&at, "session-5.scope", &s),
				-EBADMSG);
		}
		line = next;
	}
	assert_int_equal(holes, 13);
}

static void refuses_a_record_others_may_write(void **state)
{
	struct session_places at = places("/nowhere");
	struct session_record s;
	char path[256];

	(void)state;
	put_record("session-6.scope", 1900000007, "/a/session-6.scope", 6);
	snprintf(path, sizeof(path), "%s/session-6.scope", folder);
	assert_int_equal(chmod(path, 0660), 0);
	assert_int_equal(session_read(&at, "session-6.scope", &s), -EPERM);
	assert_int_equal(chmod(path, 0640), 0);
	at.owner = 4242;
	assert_int_equal(session_read(&at, "session-6.scope", &s), -EPERM);
}

static void finds_by_cgroup_id(void **state)
{
	struct session_places at = places("/nowhere");
	struct session_record s;

	(void)state;
	put_record("session-8.scope", 1900000008, "/a/session-8.scope", 8008);
	put_record("session-9.scope", 1900000009, "/a/session-9.scope", 9009);
	assert_int_equal(session_by_cgroup_id(&at, 9009, &s), 0);
	assert_int_equal(s.uid, 1900000009);
	assert_int_equal(session_by_cgroup_id(&at, 9010, &s), -ENOENT);
	assert_int_equal(session_by_cgroup_id(&at, 0, &s), -ENOENT);
}

/* A cgroup2 folder of a scope's name, or a skip where that can't be. */
struct scope {
	char root[64], cgroup[320], path[512], name[SESSION_SCOPE_SIZE];
	unsigned long long id;
};

static bool scope_make(struct scope *s)
{
	static const char *const roots[] = {
		"/sys/fs/cgroup/unified", "/sys/fs/cgroup"};
	char own[SESSION_CGROUP_SIZE];
	struct stat st;

	if (proc_cgroup(getpid(), own, sizeof(own)) < 0 || strlen(own) > 60)
		return false;
	snprintf(s->name, sizeof(s->name), "session-t%d.scope", getpid());
	snprintf(s->cgroup, sizeof(s->cgroup), "%s/%s",
		strcmp(own, "/") == 0 ? "" : own, s->name);
	for (size_t i = 0; i < ARRAY_LEN(roots); i++) {
		snprintf(s->root, sizeof(s->root), "%s", roots[i]);
		snprintf(s->path, sizeof(s->path), "%s%s", roots[i], s->cgroup);
		if (mkdir(s->path, 0755) == 0 && stat(s->path, &st) == 0) {
			s->id = st.st_ino;
			return true;
		}
	}
	return false;
}

static pid_t peer_start(const struct scope *s, const struct sockaddr_un *to)
{
	pid_t pid = fork();
	char path[600];
	int fd;

	if (pid != 0)
		return pid;
	snprintf(path, sizeof(path), "%s/cgroup.procs", s->path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		_exit(9);
	if (getuid() == 0 && setresuid(PEER_UID, PEER_UID, PEER_UID) < 0)
		_exit(7);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) < 0)
		_exit(8);
	pause();
	_exit(0);
}

/* Listens where any uid may connect. */
static int listen_at(struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at->sun_family = AF_UNIX;
	snprintf(at->sun_path, sizeof(at->sun_path), "%s/s", folder);
	assert_int_equal(bind(fd, (struct sockaddr *)at, sizeof(*at)), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(chmod(at->sun_path, 0666), 0);
	assert_int_equal(chmod(folder, 0755), 0);
	return fd;
}

static void names_a_living_peer_only(void **state)
{
	uid_t uid = getuid() ? getuid() : PEER_UID;
	struct sockaddr_un address = {0};
	struct session_places at;
	struct session_record s;
	struct scope scope;
	int listener, fd;
	pid_t pid;

	(void)state;
	if (!scope_make(&scope))
		skip();
	at = places(scope.root);
	listener = listen_at(&address);
	pid = peer_start(&scope, &address);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(fd >= 0);

	put_record(scope.name, uid, scope.cgroup, scope.id);
	assert_int_equal(peer_session(fd, &at, &s), 0);
	assert_int_equal(s.uid, uid);
	/* another user's session of that name */
	put_record(scope.name, uid + 1, scope.cgroup, scope.id);
	assert_int_equal(peer_session(fd, &at, &s), -EPERM);
	/* that name, but not that folder: a later session */
	put_record(scope.name, uid, scope.cgroup, scope.id + 1);
	assert_int_equal(peer_session(fd, &at, &s), -ENOENT);

	put_record(scope.name, uid, scope.cgroup, scope.id);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(peer_session(fd, &at, &s), -ESRCH);
	close(fd);
	close(listener);
	rmdir(scope.path);
}

static const struct live recording = {
	.conn = "00112233aabbccdd",
	.session = "123e4567-e89b-42d3-a456-426614174000",
	.uid = 1900000007,
	.target = "plc-gw",
	.proto = "ssh",
};

/* The lock is seen while it is held, and only for what was recorded. */
static void a_recording_lives_while_locked(void **state)
{
	struct live other = recording;
	int lock = live_create(folder, &recording), fd;

	(void)state;
	assert_true(lock >= 0);
	assert_int_equal(live_create(folder, &recording), -EEXIST);
	fd = live_open(folder, &recording);
	assert_true(fd >= 0);
	assert_true(live_held(fd));
	other.target = "hmi-1";
	assert_int_equal(live_open(folder, &other), -EPERM);
	other = recording;
	other.session = "123e4567-e89b-42d3-a456-426614174001";
	assert_int_equal(live_open(folder, &other), -EPERM);
	other = recording;
	other.proto = "sftp";
	assert_int_equal(live_open(folder, &other), -EPERM);
	other = recording;
	other.conn = "../112233aabbccd";
	assert_int_equal(live_open(folder, &other), -EINVAL);
	other.conn = "0011223344556677";
	assert_int_equal(live_open(folder, &other), -ENOENT);

	assert_false(live_sealed(fd));
	close(lock);
	assert_false(live_held(fd));
	assert_false(live_sealed(fd));
	assert_int_equal(live_open(folder, &recording), -ENOLCK);
	close(fd);
}

static void a_sealed_recording_left_no_file(void **state)
{
	struct live what = recording;
	int lock, fd, dirfd = open(folder, O_RDONLY | O_DIRECTORY);

	(void)state;
	what.conn = "8899aabbccddeeff";
	lock = live_create(folder, &what);
	fd = live_open(folder, &what);
	assert_true(lock >= 0 && fd >= 0);
	assert_int_equal(unlinkat(dirfd, what.conn, 0), 0);
	assert_false(live_sealed(fd));
	close(lock);
	assert_true(live_sealed(fd));
	close(fd);
	close(dirfd);
}

/* kill -9 of the process that holds it is the end of the recording. */
static void a_killed_recorder_holds_nothing(void **state)
{
	struct live what = recording;
	int ready[2], fd;
	char byte;
	pid_t pid;

	(void)state;
	what.conn = "ffeeddccbbaa9988";
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (live_create(folder, &what) < 0 ||
			write(ready[1], "", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	fd = live_open(folder, &what);
	assert_true(fd >= 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_false(live_held(fd));
	close(fd);
	close(ready[0]);
	close(ready[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_whole_record),
		cmocka_unit_test(refuses_names_that_are_no_scope),
		cmocka_unit_test(refuses_a_record_with_a_hole),
		cmocka_unit_test(refuses_a_record_others_may_write),
		cmocka_unit_test(finds_by_cgroup_id),
		cmocka_unit_test(names_a_living_peer_only),
		cmocka_unit_test(a_recording_lives_while_locked),
		cmocka_unit_test(a_sealed_recording_left_no_file),
		cmocka_unit_test(a_killed_recorder_holds_nothing),
	};

	return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
