/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The relay's pump and its look at a TCP peer, over real sockets: not a byte
 * is lost, half an end stays half, a reset is noticed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "workers/relay/diag.h"
#include "workers/relay/pump.h"

enum { UNIX_PAIR, TCP4_PAIR, TCP6_PAIR, KINDS };

static socklen_t loopback(int family, struct sockaddr_storage *ss)
{
	struct sockaddr_in *four = (void *)ss;
	struct sockaddr_in6 *six = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	ss->ss_family = (sa_family_t)family;
	if (family == AF_INET) {
		four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(*four);
	}
	six->sin6_addr = in6addr_loopback;
	return sizeof(*six);
}

/* fds[0] connected to fds[1], which accepted. */
static void make_pair(int kind, int fds[2])
{
	int family = kind == TCP4_PAIR ? AF_INET : AF_INET6;
	struct sockaddr_storage ss;
	socklen_t len = loopback(family, &ss);
	int listener;

	if (kind == UNIX_PAIR) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		return;
	}
	listener = socket(family, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, (void *)&ss, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (void *)&ss, &len), 0);
	fds[0] = socket(family, SOCK_STREAM, 0);
	assert_int_equal(connect(fds[0], (void *)&ss, len), 0);
	fds[1] = accept(listener, NULL, NULL);
	assert_true(fds[1] >= 0);
	close(listener);
}

/* client --- [inner0 pump inner1] --- target */
struct bench {
	int client, inner[2], target;
	struct pump pump;
};

static void bench_make(struct bench *b, int client_kind, int target_kind)
{
	int fds[2];

	make_pair(client_kind, fds);
	b->client = fds[0];
	b->inner[0] = fds[1];
	make_pair(target_kind, fds);
	b->target = fds[1];
	b->inner[1] = fds[0];
	for (int i = 0; i < 2; i++)
		assert_int_equal(fcntl(b->inner[i], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(pump_init(&b->pump, b->inner[0], b->inner[1]), 0);
}

static void bench_done(struct bench *b)
{
	pump_done(&b->pump);
	close(b->inner[0]);
	close(b->inner[1]);
	cleanup_close(&b->client);
	cleanup_close(&b->target);
}

static int pump_until_quiet(struct bench *b, int quiet_ms)
{
	int r = 1, side;

	while (r > 0) {
		struct pollfd fds[2];

		pump_wants(&b->pump, fds);
		if (poll(fds, 2, quiet_ms) == 0)
			return 1;
		r = pump_step(&b->pump, fds, &side);
	}
	return r;
}

static uint8_t pattern(size_t at, int way)
{
	return (uint8_t)(at * 31 + at / 4096 + (size_t)way * 7);
}

static void send_pattern(int fd, size_t size, int way)
{
	static uint8_t block[65536];

	for (size_t at = 0; at < size;) {
		size_t n =
			size - at < sizeof(block) ? size - at : sizeof(block);

		for (size_t i = 0; i < n; i++)
			block[i] = pattern(at + i, way);
		if (fd_write_all(fd, block, n) < 0)
			_exit(1);
		at += n;
	}
}

/* 0 when exactly this arrives, and then the end. */
static int take_pattern(int fd, size_t size, int way)
{
	static uint8_t block[65536];
	size_t at = 0;

	for (;;) {
		ssize_t n = read(fd, block, sizeof(block));

		if (n < 0)
			return 2;
		if (n == 0)
			return at == size ? 0 : 3;
		for (ssize_t i = 0; i < n; i++, at++) {
			if (block[i] != pattern(at, way))
				return 4;
		}
	}
}

/*
 * Each end sends all of its bytes and its end of file, and reads the other's
 * meanwhile; a child each, so that nothing depends on buffers.
 */
static void both_ways(int client_kind, int target_kind, size_t size)
{
	struct bench b;
	pid_t pids[4];
	int status;

	bench_make(&b, client_kind, target_kind);
	for (int i = 0; i < 4; i++) {
		int fd = i < 2 ? b.client : b.target;

		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] > 0)
			continue;
		if (i % 2 == 1)
			_exit(take_pattern(fd, size, i < 2));
		send_pattern(fd, size, i >= 2);
		_exit(shutdown(fd, SHUT_WR) == 0 ? 0 : 5);
	}
	/* The children's copies are the only ones: closing is theirs. */
	close(b.client);
	close(b.target);
	b.client = b.target = -1;
	assert_int_equal(pump_until_quiet(&b, 20000), 0);
	assert_int_equal(b.pump.flow[PUMP_CLIENT].moved, size);
	assert_int_equal(b.pump.flow[PUMP_TARGET].moved, size);
	bench_done(&b);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
}

struct heard {
	int fd, times;
	bool early; /* nothing was to be heard at fd yet */
};

static void hear(const void *context)
{
	struct heard *h = *(struct heard *const *)context;
	struct pollfd p = {.fd = h->fd, .events = POLLIN};

	h->times++;
	h->early = poll(&p, 1, 50) == 0;
}

/* Whoever asks is told before the client can know. */
static void the_last_end_is_told_first(void **state)
{
	struct bench b;
	struct heard h = {0}, *context = &h;
	char byte;

	bench_make(&b, TCP4_PAIR, TCP4_PAIR);
	h.fd = b.client;
	b.pump.before_last = hear;
	b.pump.context = &context;
	assert_int_equal(shutdown(b.client, SHUT_WR), 0);
	assert_int_equal(pump_until_quiet(&b, 100), 1);
	assert_int_equal(h.times, 0);
	assert_int_equal(shutdown(b.target, SHUT_WR), 0);
	assert_int_equal(pump_until_quiet(&b, 1000), 0);
	assert_int_equal(h.times, 1);
	assert_true(h.early);
	assert_int_equal(read(b.client, &byte, 1), 0);
	bench_done(&b);
}

static void no_byte_is_lost(void **state)
{
	static const size_t sizes[] = {0, 1, 1000, 65536, 65537, 5000000};

	for (int client = 0; client < KINDS; client++) {
		for (int target = 0; target < KINDS; target++) {
			for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
				both_ways(client, target, sizes[i]);
		}
	}
}

static void half_an_end_stays_half(void **state)
{
	for (int kind = 0; kind < KINDS; kind++) {
		struct bench b;
		char got[8];

		bench_make(&b, kind, TCP4_PAIR);
		assert_int_equal(write(b.client, "ask", 3), 3);
		assert_int_equal(shutdown(b.client, SHUT_WR), 0);
		assert_int_equal(pump_until_quiet(&b, 100), 1);
		assert_int_equal(read(b.target, got, sizeof(got)), 3);
		assert_int_equal(read(b.target, got, sizeof(got)), 0);
		assert_true(b.pump.flow[PUMP_CLIENT].closed);
		assert_false(b.pump.flow[PUMP_TARGET].closed);
		/* and the answer still comes, in two parts */
		assert_int_equal(write(b.target, "one", 3), 3);
		assert_int_equal(pump_until_quiet(&b, 100), 1);
		assert_int_equal(read(b.client, got, sizeof(got)), 3);
		assert_int_equal(write(b.target, "two", 3), 3);
		assert_int_equal(shutdown(b.target, SHUT_WR), 0);
		assert_int_equal(pump_until_quiet(&b, 1000), 0);
		assert_int_equal(read(b.client, got, sizeof(got)), 3);
		assert_int_equal(read(b.client, got, sizeof(got)), 0);
		bench_done(&b);
	}
}

/*
 * The pump gives way after so many rounds; wherever in them the end comes, it
 * is handed on. Single bytes, because a pipe holds few of them.
 */
static void an_end_after_any_number_of_rounds(void **state)
{
	for (size_t size = 0; size < 256; size++) {
		struct bench b;
		char got[256];

		bench_make(&b, UNIX_PAIR, UNIX_PAIR);
		assert_int_equal(shutdown(b.target, SHUT_WR), 0);
		assert_int_equal(pump_until_quiet(&b, 5), 1);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(write(b.client, "x", 1), 1);
		assert_int_equal(shutdown(b.client, SHUT_WR), 0);
		assert_int_equal(pump_until_quiet(&b, 1000), 0);
		for (size_t at = 0; at < size;) {
			ssize_t n = read(b.target, got, sizeof(got));

			assert_true(n > 0);
			at += (size_t)n;
		}
		assert_int_equal(read(b.target, got, sizeof(got)), 0);
		bench_done(&b);
	}
}

/* A destination that does not read holds its source back, and spins nobody. */
static void backpressure_is_quiet(void **state)
{
	struct bench b;
	struct pollfd fds[2];
	char block[65536] = "";
	size_t sent = 0;

	bench_make(&b, TCP4_PAIR, TCP4_PAIR);
	assert_int_equal(fcntl(b.client, F_SETFL, O_NONBLOCK), 0);
	for (int idle = 0; idle < 20;) {
		ssize_t n = write(b.client, block, sizeof(block));

		idle = n > 0 ? 0 : idle + 1;
		sent += n > 0 ? (size_t)n : 0;
		assert_int_equal(pump_until_quiet(&b, 5), 1);
		assert_true(sent < 200u << 20);
	}
	pump_wants(&b.pump, fds);
	assert_int_equal(poll(fds, 2, 50), 0);
	assert_true(b.pump.flow[PUMP_CLIENT].held > 0);
	bench_done(&b);
}

static void resets_are_noticed(void **state)
{
	const struct linger none = {.l_onoff = 1, .l_linger = 0};

	for (int end = 0; end < 2; end++) {
		struct bench b;
		int *fd = end ? &b.target : &b.client, r;

		bench_make(&b, TCP4_PAIR, TCP6_PAIR);
		assert_int_equal(setsockopt(*fd, SOL_SOCKET, SO_LINGER, &none,
					 sizeof(none)),
			0);
		close(*fd);
		*fd = -1;
		r = pump_until_quiet(&b, 1000);
		assert_true(r == -ECONNRESET || r == -EPIPE);
		bench_done(&b);
	}
}

static void name(int fd, bool peer, struct endpoint *e)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	assert_int_equal(
		(peer ? getpeername : getsockname)(fd, (void *)&ss, &len), 0);
	assert_int_equal(address_from_sockaddr((void *)&ss, &e->address), 0);
	e->port = ntohs(((struct sockaddr_in *)&ss)->sin_port);
}

/* Our own sockets, of a uid that is not root: the kernel knows whose. */
static void check_owner(int kind)
{
	struct endpoint client, server;
	struct owner owner;
	int fds[2];

	make_pair(kind, fds);
	name(fds[1], true, &client);
	name(fds[1], false, &server);
	if (diag_owner(&client, &server, &owner) != 0)
		_exit(10);
	if (owner.uid != getuid() || owner.cgroup_id == 0)
		_exit(11);
	server.port ^= 1;
	if (diag_owner(&client, &server, &owner) != -ESRCH)
		_exit(12);
	server.port ^= 1;
	close(fds[0]); /* an orphan has no owner */
	if (diag_owner(&client, &server, &owner) != -ESRCH)
		_exit(13);
	close(fds[1]);
}

static void owners_are_the_kernels_word(void **state)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (getuid() == 0 && setresuid(65534, 65534, 65534) < 0)
			_exit(9);
		check_owner(TCP4_PAIR);
		check_owner(TCP6_PAIR);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_byte_is_lost),
		cmocka_unit_test(the_last_end_is_told_first),
		cmocka_unit_test(half_an_end_stays_half),
		cmocka_unit_test(an_end_after_any_number_of_rounds),
		cmocka_unit_test(backpressure_is_quiet),
		cmocka_unit_test(resets_are_noticed),
		cmocka_unit_test(owners_are_the_kernels_word),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
