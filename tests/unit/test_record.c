/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The recorder's loop as a process of its own: what was acknowledged is in
 * the file however the process dies, and in its sandbox it can do nothing
 * but append.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/name.h"
#include "jumpctl/cast.h"
#include "tests/unit/random.h"
#include "workers/record/sandbox.h"
#include "workers/record/serve.h"
#include "tests/unit/scratch.h"

/* A sanitiser needs memory and signals that the sandbox does not give. */
#ifdef __SANITIZE_ADDRESS__
#define SANDBOXED false
#else
#define SANDBOXED true
#endif

static char folder[64];

static const struct cast_identity somebody = {
	.bastion = "plant-1",
	.session = "123e4567-e89b-42d3-a456-426614174000",
	.grant = "G77",
	.ticket = "",
	.user = "acme-tech1",
	.target = "plc-gw",
	.proto = "ssh",
	.zone = "cell-a",
	.account = "maint",
	.source = "192.0.2.7",
	.key = "SHA256:abc",
	.uid = 1900000007,
	.started = 1700000000,
	.window_end = 1700003600,
	.term = "xterm",
	.cols = 80,
	.rows = 24,
};

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

struct recorder {
	pid_t pid;
	int sock;
	char path[200];
};

static void recorder_child(
	int sock, const struct cast_identity *id, uint64_t reserve_mib)
{
	struct recording r;
	struct serve s = {.sock = sock,
		.signal = -1,
		.recording = &r,
		.reserve_mib = reserve_mib};
	char digest[RECORDING_DIGEST_SIZE];
	const char *name = sandbox_name("none");

	if (recording_begin(&r, folder, id) < 0 || !name ||
		(SANDBOXED && sandbox_enter(-1, name) < 0))
		_exit(90);
	if (write(sock, r.name, strlen(r.name)) < 0)
		_exit(91);
	_exit(recording_end(&r, serve(&s), digest) < 0 ? 92 : 0);
}

static struct recorder recorder_start(const char *conn, uint64_t reserve_mib)
{
	struct cast_identity id = somebody;
	struct recorder r;
	char name[RECORDING_NAME_SIZE];
	int pair[2];
	ssize_t n;

	id.conn = conn;
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	r.pid = fork();
	if (r.pid == 0) {
		close(pair[0]);
		recorder_child(pair[1], &id, reserve_mib);
	}
	close(pair[1]);
	r.sock = pair[0];
	n = recv(r.sock, name, sizeof(name) - 1, 0);
	assert_true(n > 0);
	name[n] = '\0';
	snprintf(r.path, sizeof(r.path), "%s/%s", folder, name);
	return r;
}

static int recorder_wait(struct recorder *r)
{
	int status;

	assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
	close(r->sock);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int put(struct recorder *r, char kind, const void *bytes, size_t len)
{
	static uint8_t packet[CAST_CHUNK_MAX + 2];

	packet[0] = (uint8_t)kind;
	memcpy(packet + 1, bytes, len);
	return send(r->sock, packet, len + 1, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static bool acked(struct recorder *r, int wait_ms)
{
	struct pollfd p = {.fd = r->sock, .events = POLLIN};
	char c;

	if (poll(&p, 1, wait_ms) != 1)
		return false;
	return recv(r->sock, &c, 1, 0) == 1 && c == '.';
}

/* All that was shown, and which other events there are, as their codes. */
struct heard {
	uint8_t bytes[512 * 1024];
	size_t len;
	char codes[64];
	char last[128];
	bool ended, torn;
};

static void hear(const char *path, struct heard *h)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	_cleanup_cast_ struct cast_reader r = {0};
	struct cast_event ev;
	int e;

	memset(h, 0, sizeof(*h));
	assert_non_null(f);
	assert_int_equal(cast_reader_begin(&r, f), 0);
	while ((e = cast_next(&r, &ev)) == 1) {
		if (ev.code == 'o') {
			assert_true(h->len + ev.len <= sizeof(h->bytes));
			memcpy(h->bytes + h->len, ev.bytes, ev.len);
			h->len += ev.len;
		} else if (strlen(h->codes) + 1 < sizeof(h->codes)) {
			h->codes[strlen(h->codes)] = ev.code;
		}
		snprintf(h->last, sizeof(h->last), "%s", ev.text);
	}
	assert_int_equal(e, 0);
	h->ended = r.ended;
	h->torn = r.torn;
}

static struct heard heard;

static void a_whole_connection_is_whole(void **state)
{
	static const char digest[] =
		"5 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b"
		"9824";
	struct recorder r = recorder_start("0000000000000001", 0);

	(void)state;
	assert_int_equal(put(&r, 'o', "hello\r\n", 7), 0);
	assert_true(acked(&r, 1000));
	assert_int_equal(put(&r, 'r', "132x43", 6), 0);
	assert_int_equal(put(&r, 'm', "5 minutes left", 14), 0);
	assert_int_equal(put(&r, 'o', "\xff\xfe", 2), 0);
	assert_true(acked(&r, 1000));
	assert_int_equal(put(&r, 'h', digest, strlen(digest)), 0);
	assert_int_equal(put(&r, 'x', "255", 3), 0);
	assert_true(acked(&r, 1000));
	assert_int_equal(recorder_wait(&r), 0);
	hear(r.path, &heard);
	assert_int_equal(heard.len, 9);
	assert_memory_equal(heard.bytes, "hello\r\n\xff\xfe", 9);
	assert_string_equal(heard.codes, "rmhxe");
	assert_string_equal(heard.last, "closed");
	assert_true(heard.ended);
}

static void wrong_packets_end_it(void **state)
{
	static const struct {
		char kind;
		const char *text;
	} rows[] = {{'z', "x"}, {'r', "0x0"}, {'r', "80x24x"}, {'r', ""},
		{'m', ""}, {'h', "5 abc"}, {'h', ""}, {'x', "a"}, {'x', "512"},
		{'i', "typed"}};
	char conn[CONN_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct recorder r;

		snprintf(conn, sizeof(conn), "00000000000001%02zx", i);
		r = recorder_start(conn, 0);
		assert_int_equal(put(&r, rows[i].kind, rows[i].text,
					 strlen(rows[i].text)),
			0);
		assert_int_equal(recorder_wait(&r), 0);
		hear(r.path, &heard);
		assert_string_equal(heard.last, "protocol");
	}
}

static void a_packet_too_large_ends_it(void **state)
{
	static const uint8_t large[CAST_CHUNK_MAX + 1];
	struct recorder r = recorder_start("0000000000000300", 0);

	(void)state;
	assert_int_equal(put(&r, 'o', large, sizeof(large)), 0);
	assert_int_equal(recorder_wait(&r), 0);
	hear(r.path, &heard);
	assert_string_equal(heard.last, "protocol");
	assert_int_equal(heard.len, 0);
}

static void a_sender_that_goes_leaves_a_reason(void **state)
{
	struct recorder r = recorder_start("0000000000000400", 0);

	(void)state;
	assert_int_equal(put(&r, 'o', "abc", 3), 0);
	shutdown(r.sock, SHUT_RDWR);
	assert_int_equal(recorder_wait(&r), 0);
	hear(r.path, &heard);
	assert_string_equal(heard.last, "gone");
	assert_int_equal(heard.len, 3);
}

/* More reserve than any disk has: told at the first look, ended after it. */
static void too_little_room_is_told_and_ends_it(void **state)
{
	struct recorder r = recorder_start("0000000000000500", UINT64_MAX);
	char notice[128];
	ssize_t n;

	(void)state;
	n = recv(r.sock, notice, sizeof(notice), 0);
	assert_true(n > 6);
	assert_memory_equal(notice, "!disk ", 6);
	assert_int_equal(put(&r, 'o', "still", 5), 0);
	assert_true(acked(&r, 1000));
	assert_int_equal(recorder_wait(&r), 0);
	hear(r.path, &heard);
	assert_string_equal(heard.last, "disk");
	assert_string_equal(heard.codes, "me");
	assert_int_equal(heard.len, 5);
}

/* Sends in a window of some chunks until it dies; counts acknowledged bytes. */
static size_t send_until_killed(
	struct recorder *r, const uint8_t *bytes, size_t len, int kill_us)
{
	size_t sent = 0, in_file = 0, queue[8], head = 0, tail = 0;
	pid_t killer = fork();

	if (killer == 0) {
		usleep((useconds_t)kill_us);
		kill(r->pid, SIGKILL);
		_exit(0);
	}
	for (;;) {
		size_t n = 1 + random_below(8000);

		n = n > len - sent ? len - sent : n;
		if (n > 0 && head - tail < ARRAY_LEN(queue)) {
			if (put(r, 'o', bytes + sent, n) < 0)
				break;
			queue[head++ % ARRAY_LEN(queue)] = n;
			sent += n;
			continue;
		}
		if (head == tail || !acked(r, 2000))
			break;
		in_file += queue[tail++ % ARRAY_LEN(queue)];
	}
	while (head != tail && acked(r, 200))
		in_file += queue[tail++ % ARRAY_LEN(queue)];
	waitpid(killer, NULL, 0);
	return in_file;
}

static void what_was_acknowledged_survives_kill(void **state)
{
	static uint8_t bytes[400 * 1024];
	size_t some = 0, torn = 0;
	char conn[CONN_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = random_one_in(3) ? (uint8_t)random_next() : 'a';
	for (int round = 0; round < 60; round++) {
		struct recorder r;
		size_t in_file;

		snprintf(conn, sizeof(conn), "0000000000001%03x", round);
		r = recorder_start(conn, 0);
		in_file = send_until_killed(
			&r, bytes, sizeof(bytes), (int)random_below(6000));
		(void)recorder_wait(&r);
		hear(r.path, &heard);
		assert_true(heard.len >= in_file);
		assert_memory_equal(heard.bytes, bytes, heard.len);
		some += in_file > 0;
		torn += heard.torn;
	}
	print_message("%zu of 60 with bytes, %zu torn\n", some, torn);
	assert_true(some > 10);
}

static char witness[200];

/* Everything here must be refused; returns the row that was not. */
static int try_to_break_out(int file_fd, int live_fd, const char *name)
{
	char *const argv[] = {(char *)"/bin/true", NULL};

#define MUST_FAIL(n, call)                                                     \
	do {                                                                   \
		if ((call) != -1)                                              \
			return n;                                              \
	} while (0)
	MUST_FAIL(1, open(witness, O_RDONLY));
	MUST_FAIL(2, open("/tmp/x", O_CREAT | O_RDWR, 0600));
	MUST_FAIL(3, openat(live_fd, "x", O_CREAT | O_RDWR, 0600));
	MUST_FAIL(4, unlink(witness));
	MUST_FAIL(5, unlinkat(live_fd, "other", 0));
	MUST_FAIL(6, unlinkat(AT_FDCWD, name, 0));
	MUST_FAIL(7, rename(witness, "/tmp/y"));
	MUST_FAIL(8, truncate(witness, 0));
	MUST_FAIL(9, ftruncate(file_fd, 0));
	MUST_FAIL(10, (int)lseek(file_fd, 0, SEEK_SET));
	MUST_FAIL(11, (int)pwrite(file_fd, "x", 1, 0));
	MUST_FAIL(12, execv("/bin/true", argv));
	MUST_FAIL(13, (int)syscall(SYS_fork));
	MUST_FAIL(14, socket(AF_INET, SOCK_STREAM, 0));
	MUST_FAIL(15, socket(AF_INET6, SOCK_DGRAM, 0));
	MUST_FAIL(16, socket(AF_UNIX, SOCK_STREAM, 0));
	MUST_FAIL(17, socket(AF_NETLINK, SOCK_RAW, 0));
	MUST_FAIL(18, (int)ptrace(PTRACE_ATTACH, getppid(), 0, 0));
	MUST_FAIL(19, kill(getppid(), 0));
	MUST_FAIL(20, chmod(witness, 0777));
	MUST_FAIL(21, fchmod(file_fd, 0777));
	MUST_FAIL(22, link(witness, "/tmp/z"));
	MUST_FAIL(23, symlink("/etc/shadow", "/tmp/z"));
	MUST_FAIL(24, mkdir("/tmp/z", 0700));
	MUST_FAIL(25, (int)syscall(SYS_mprotect, name, 4096, 3));
	MUST_FAIL(26, (int)syscall(SYS_mmap, 0, 4096, 7, 0x22, -1, 0));
	MUST_FAIL(27, fallocate(file_fd, 0, 0, 4096));
	MUST_FAIL(28, fcntl(file_fd, F_SETFL, 0)); /* drop O_APPEND */
	MUST_FAIL(29, (int)syscall(SYS_io_uring_setup, 1, NULL));
	MUST_FAIL(30, (int)syscall(SYS_memfd_create, "x", 0));
	MUST_FAIL(31, dup2(file_fd, 0));
#undef MUST_FAIL
	return 0;
}

static void the_sandbox_leaves_only_appending(void **state)
{
	char live[220], path[300];
	int status, live_fd;
	pid_t pid;

	(void)state;
	if (!SANDBOXED)
		skip();
	snprintf(witness, sizeof(witness), "%s/witness", folder);
	snprintf(live, sizeof(live), "%s/live", folder);
	assert_int_equal(mkdir(live, 0700), 0);
	snprintf(path, sizeof(path), "%s/0123456789abcdef", live);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	snprintf(path, sizeof(path), "%s/other", live);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	live_fd = open(live, O_RDONLY | O_DIRECTORY);
	pid = fork();
	if (pid == 0) {
		int fd = open(witness, O_CREAT | O_WRONLY | O_APPEND, 0600);
		const char *name = sandbox_name("0123456789abcdef");
		int row;

		if (write(fd, "first\n", 6) != 6 || !name ||
			sandbox_enter(live_fd, name) < 0)
			_exit(99);
		row = try_to_break_out(fd, live_fd, name);
		if (row == 0 && write(fd, "second\n", 7) != 7)
			row = 98;
		if (row == 0 && fdatasync(fd) < 0)
			row = 97;
		if (row == 0 && unlinkat(live_fd, name, 0) < 0)
			row = 96;
		_exit(row);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(faccessat(live_fd, "other", F_OK, 0), 0);
	assert_int_equal(faccessat(live_fd, "0123456789abcdef", F_OK, 0), -1);
	close(live_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_connection_is_whole),
		cmocka_unit_test(wrong_packets_end_it),
		cmocka_unit_test(a_packet_too_large_ends_it),
		cmocka_unit_test(a_sender_that_goes_leaves_a_reason),
		cmocka_unit_test(too_little_room_is_told_and_ends_it),
		cmocka_unit_test(what_was_acknowledged_survives_kill),
		cmocka_unit_test(the_sandbox_leaves_only_appending),
	};

	random_seed("test_record");
	return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
