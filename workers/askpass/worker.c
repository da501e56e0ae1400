/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/askpass/worker.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/moment.h"

#define SOCKET_FMT     "/run/jump/credential/%s@%s.sock"
#define ANSWER_WAIT_MS 10000

/* Filled up to a NUL; may hold a secret. */
struct answer {
	size_t len;
	char bytes[WORKER_TEXT_SIZE];
};

static void answer_wipe(struct answer *a)
{
	explicit_bzero(a, sizeof(*a));
}
#define _cleanup_answer_ _cleanup_(answer_wipe)

static int connect_worker(const struct worker_claim *c)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int n = snprintf(address.sun_path, sizeof(address.sun_path), SOCKET_FMT,
		c->account, c->holder);

	if (fd < 0)
		return -errno;
	if (n < 0 || (size_t)n >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	if (connect(fd, (const void *)&address, sizeof(address)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int say(int fd, const char *verb, const struct worker_claim *c)
{
	char line[128];
	int n = snprintf(line, sizeof(line), "%s conn=%s target=%s\n", verb,
		c->conn, c->target);

	if (n < 0 || (size_t)n >= sizeof(line))
		return -EMSGSIZE;
	return send(fd, line, (size_t)n, MSG_NOSIGNAL) == n ? 0 : -EPIPE;
}

/* All of the answer up to the end of file. */
static int hear(int fd, struct answer *a)
{
	int64_t until_ms = moment_boot_ms() + ANSWER_WAIT_MS;

	a->len = 0;
	while (a->len < sizeof(a->bytes) - 1) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left_ms = until_ms - moment_boot_ms();
		ssize_t n;

		if (left_ms <= 0 || poll(&p, 1, (int)left_ms) == 0)
			return -ETIMEDOUT;
		n = recv(fd, a->bytes + a->len, sizeof(a->bytes) - 1 - a->len,
			0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0) {
			a->bytes[a->len] = '\0';
			return a->len >= 3 ? 0 : -EBADMSG;
		}
		a->len += (size_t)n;
	}
	return -EMSGSIZE;
}

/* "no REASON TEXT": the text, without the word that is for programs. The
 * words are ours, but they go to a terminal. */
static void take_sentence(const char *bytes, char ret_text[WORKER_TEXT_SIZE])
{
	const char *at =
		strncmp(bytes, "no ", 3) == 0 ? strchr(bytes + 3, ' ') : NULL;
	size_t len = 0;

	for (at = at ? at + 1 : "The stored password can't be had.";
		*at && *at != '\n'; at++)
		ret_text[len++] = *at >= 0x20 && *at <= 0x7e ? *at : '?';
	ret_text[len] = '\0';
}

static int exchange(const struct worker_claim *c, const char *verb,
	struct answer *ret_answer, char ret_text[WORKER_TEXT_SIZE])
{
	_cleanup_close_ int fd = connect_worker(c);
	int r = fd;

	if (r >= 0)
		r = say(fd, verb, c);
	if (r >= 0)
		r = hear(fd, ret_answer);
	if (r < 0)
		snprintf(ret_text, WORKER_TEXT_SIZE, "%s",
			fd < 0 ? "No password is stored for this account. Ask "
				 "the operator of the bastion."
			       : "The stored password can't be had.");
	return r;
}

int worker_fetch(const struct worker_claim *c, struct secret *ret_secret,
	char ret_text[WORKER_TEXT_SIZE])
{
	_cleanup_answer_ struct answer a = {0};
	int r = exchange(c, "get", &a, ret_text);

	if (r < 0)
		return r;
	if (strncmp(a.bytes, "ok\n", 3) != 0) {
		take_sentence(a.bytes, ret_text);
		return -EACCES;
	}
	r = secret_set(ret_secret, a.bytes + 3, a.len - 3);
	if (r < 0)
		snprintf(ret_text, WORKER_TEXT_SIZE,
			"The stored password is too long.");
	return r;
}

int worker_tell(const struct worker_claim *c, bool right)
{
	_cleanup_answer_ struct answer a = {0};
	char text[WORKER_TEXT_SIZE];
	int r = exchange(c, right ? "right" : "wrong", &a, text);

	if (r < 0)
		return r;
	return strncmp(a.bytes, "ok\n", 3) == 0 ? 0 : -EACCES;
}
