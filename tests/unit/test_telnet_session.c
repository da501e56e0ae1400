/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A whole telnet session in a process of its own, between a device and a
 * person that are played here; so is the worker, whose password it asks for.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "telnet/messenger.h"
#include "telnet/session.h"

#define SECRET	"s3cret"
#define WAIT_MS 5000

static const struct expect_rules rules = {
	.user = "login:", .password = "Password:", .ready = ">"};

int worker_fetch(const struct worker_claim *c, struct secret *ret_secret,
	char ret_text[WORKER_TEXT_SIZE])
{
	(void)c;
	ret_text[0] = '\0';
	return secret_set(ret_secret, SECRET, strlen(SECRET));
}

int worker_tell(const struct worker_claim *c, bool right)
{
	(void)c;
	(void)right;
	return 0;
}

struct play {
	int device, person; /* our ends */
	pid_t pid;
};

__attribute__((noreturn)) static void be_session(
	int device, int person, bool terminal, bool answered)
{
	const struct worker_claim claim = {.conn = "c", .target = "old-7"};
	struct session s = {.target = "old-7",
		.account = "maint",
		.rules = answered ? &rules : NULL,
		.terminal = terminal,
		.cols = 80,
		.rows = 24,
		.device = device,
		.messenger = answered ? messenger_start(&claim) : -1};
	sigset_t none;

	sigemptyset(&none);
	s.resized = signalfd(-1, &none, SFD_NONBLOCK);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (dup2(person, fd) < 0)
			_exit(1);
	}
	_exit(session_run(&s));
}

/* `device` and `person` are what both have sent before it starts. */
static void begin(struct play *p, bool terminal, bool answered,
	const char *device, size_t device_len, size_t typed)
{
	_cleanup_free_ char *keys = malloc(typed + 1);
	int d[2], h[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, d), 0);
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, h), 0);
	assert_non_null(keys);
	memset(keys, 'k', typed);
	assert_int_equal(write(d[0], device, device_len), device_len);
	assert_int_equal(write(h[0], keys, typed), typed);
	p->pid = fork();
	assert_true(p->pid >= 0);
	if (p->pid == 0) {
		(void)close(d[0]);
		(void)close(h[0]);
		be_session(d[1], h[1], terminal, answered);
	}
	(void)close(d[1]);
	(void)close(h[1]);
	p->device = d[0];
	p->person = h[0];
}

static int finish(struct play *p)
{
	int status = 0;

	(void)close(p->device);
	(void)close(p->person);
	for (int ms = 0; ms < WAIT_MS; ms += 10) {
		if (waitpid(p->pid, &status, WNOHANG) == p->pid)
			return status;
		(void)poll(NULL, 0, 10);
	}
	(void)kill(p->pid, SIGKILL);
	(void)waitpid(p->pid, &status, 0);
	return status;
}

/* Until it is full, `end` stands last, or the other end closes. */
static size_t hear(int fd, const char *end, char *got, size_t size)
{
	const size_t n = strlen(end);
	size_t len = 0;

	while (len < size) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t r = 0;

		if (poll(&p, 1, WAIT_MS) == 1)
			r = read(fd, got + len, size - len);
		if (r <= 0)
			return len;
		len += (size_t)r;
		if (n > 0 && len >= n && memcmp(got + len - n, end, n) == 0)
			break;
	}
	return len;
}

static void say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static char got[1 << 18];

/* A device that asks much and a person who pastes much, at one time. */
static void replies_leave_no_room_for_what_is_typed(void **state)
{
	static const char ask[] = "\xff\xfa\x18\x01\xff\xf0";
	const size_t typed = 60000;
	char device[3 + 680 * 6] = "\xff\xfd\x18";
	size_t len, keys = 0;
	struct play p;

	(void)state;
	for (size_t i = 0; i < 680; i++)
		memcpy(device + 3 + i * 6, ask, 6);
	begin(&p, false, false, device, sizeof(device), typed);
	assert_int_equal(shutdown(p.person, SHUT_WR), 0);
	len = hear(p.device, "", got, sizeof(got));
	for (size_t i = 0; i < len; i++)
		keys += got[i] == 'k';
	assert_int_equal(keys, typed);
	assert_int_equal(len, typed + 3 + 680 * 11);
	assert_int_equal(finish(&p), 0);
}

static void what_the_device_said_comes_before_our_sentence(void **state)
{
	static char much[EXPECT_BYTES_MAX + 2048];
	static const char sentence[] = "\r\nold-7: the device sent too much "
				       "before it was ready.\r\n";
	struct play p;
	size_t len;

	(void)state;
	memset(much, 'x', sizeof(much));
	begin(&p, true, true, much, sizeof(much), 0);
	len = hear(p.person, "", got, sizeof(got));
	assert_true(len > EXPECT_BYTES_MAX);
	assert_memory_equal(
		got + len - strlen(sentence), sentence, strlen(sentence));
	assert_int_equal(finish(&p), VERDICT_MUCH << 8);
}

static void to_password(struct play *p)
{
	static const char in[] = SECRET "\r"; /* and NUL */

	begin(p, true, true, "login: ", 7, 0);
	assert_int_equal(hear(p->device, "", got, 7), 7);
	say(p->device, "\r\nPassword: ");
	assert_int_equal(hear(p->device, "", got, sizeof(in)), sizeof(in));
}

static void a_person_can_leave_while_a_device_thinks(void **state)
{
	struct play p;

	(void)state;
	to_password(&p);
	say(p.person, "\x03");
	assert_int_equal(hear(p.device, "", got, sizeof(got)), 0);
	assert_int_equal(finish(&p), VERDICT_CLOSED << 8);
}

static void keys_wait_until_the_device_is_ready(void **state)
{
	static const char heard[] = "no shutdown\r";
	struct play p;
	struct pollfd quiet;

	(void)state;
	to_password(&p);
	say(p.person, "no ");
	quiet = (struct pollfd){.fd = p.device, .events = POLLIN};
	assert_int_equal(poll(&quiet, 1, 100), 0);
	say(p.device, "\r\nplc> ");
	(void)hear(p.person, "plc> ", got, sizeof(got));
	say(p.person, "shutdown\r");
	assert_int_equal(hear(p.device, "", got, sizeof(heard)), sizeof(heard));
	assert_memory_equal(got, heard, sizeof(heard)); /* with its NUL */
	assert_int_equal(kill(p.pid, SIGTERM), 0);
	assert_int_equal(finish(&p), SIGTERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_leave_no_room_for_what_is_typed),
		cmocka_unit_test(
			what_the_device_said_comes_before_our_sentence),
		cmocka_unit_test(a_person_can_leave_while_a_device_thinks),
		cmocka_unit_test(keys_wait_until_the_device_is_ready),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
