/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/dial/relay.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/moment.h"

#define RELAY_SOCKET   "/run/jump/relay.sock"
#define ANSWER_WAIT_MS 10000
#define IDENTIFIED     "ok identified"

/* A relay whose queue is full must not hold us for ever. */
static int limit_sending(int fd, int wait_ms)
{
	const struct timeval wait = {.tv_sec = wait_ms / 1000};

	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) < 0)
		return -errno;
	return 0;
}

static int connect_relay(void)
{
	const struct sockaddr_un address = {
		.sun_family = AF_UNIX, .sun_path = RELAY_SOCKET};
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (limit_sending(fd, ANSWER_WAIT_MS) < 0 ||
		connect(fd, (const void *)&address, sizeof(address)) < 0)
		return -errno;
	if (limit_sending(fd, 0) < 0) /* the client is to have it as it was */
		return -errno;
	return TAKE_FD(fd);
}

static int ask(int fd, const struct relay_question *q)
{
	char line[256];
	int n = snprintf(line, sizeof(line),
		"connect conn=%s target=%s proto=%s\n", q->conn, q->target,
		q->proto);

	if (n < 0 || (size_t)n >= sizeof(line))
		return -EMSGSIZE;
	return fd_write_all(fd, line, (size_t)n);
}

/*
 * One line and not a byte more: what follows are the target's first words,
 * which are for the client.
 */
static int hear(int fd, char answer[RELAY_ANSWER_MAX])
{
	int64_t until_ms = moment_boot_ms() + ANSWER_WAIT_MS;

	for (size_t len = 0; len < RELAY_ANSWER_MAX; len++) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left_ms = until_ms - moment_boot_ms();

		if (left_ms <= 0 || poll(&p, 1, (int)left_ms) == 0)
			return -ETIMEDOUT;
		if (recv(fd, answer + len, 1, 0) != 1)
			return -EPIPE;
		if (answer[len] == '\n') {
			answer[len] = '\0';
			return 0;
		}
	}
	return -EMSGSIZE;
}

/* The relay's words are ours, but bytes on a terminal are checked anyway. */
static void take_text(const char *answer, char ret_text[RELAY_ANSWER_MAX])
{
	size_t len = 0;

	if (strncmp(answer, "no ", 3) == 0)
		answer += 3;
	for (; *answer; answer++)
		ret_text[len++] =
			*answer >= 0x20 && *answer <= 0x7e ? *answer : '?';
	ret_text[len] = '\0';
}

int relay_ask(const struct relay_question *q, char ret_text[RELAY_ANSWER_MAX])
{
	_cleanup_close_ int fd = connect_relay();
	char answer[RELAY_ANSWER_MAX];
	int r = fd < 0 ? fd : ask(fd, q);

	if (r == 0)
		r = hear(fd, answer);
	if (r < 0) {
		snprintf(ret_text, RELAY_ANSWER_MAX, "relay %s",
			r == -ETIMEDOUT ? "did not answer in time"
					: "can't be reached");
		return r;
	}
	if (strcmp(answer, IDENTIFIED) != 0) {
		take_text(answer, ret_text);
		return -EACCES;
	}
	return TAKE_FD(fd);
}
