/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/relay/dial.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/moment.h"

#define IDLE_SEC      30
#define PROBE_SEC     10
#define PROBES	      3
#define UNANSWERED_MS 60000

void dial_keepalive(int fd)
{
	const struct {
		int level, name, value;
	} options[] = {
		{SOL_SOCKET, SO_KEEPALIVE, 1},
		{IPPROTO_TCP, TCP_KEEPIDLE, IDLE_SEC},
		{IPPROTO_TCP, TCP_KEEPINTVL, PROBE_SEC},
		{IPPROTO_TCP, TCP_KEEPCNT, PROBES},
		{IPPROTO_TCP, TCP_USER_TIMEOUT, UNANSWERED_MS},
		{IPPROTO_TCP, TCP_NODELAY, 1},
	};

	/* A Unix socket knows none of these and needs none. */
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		(void)setsockopt(fd, options[i].level, options[i].name,
			&options[i].value, sizeof(options[i].value));
}

static socklen_t to_sockaddr(
	const struct endpoint *e, struct sockaddr_storage *ret)
{
	struct sockaddr_in *four = (void *)ret;
	struct sockaddr_in6 *six = (void *)ret;

	memset(ret, 0, sizeof(*ret));
	if (e->address.family == AF_INET) {
		four->sin_family = AF_INET;
		four->sin_port = htons(e->port);
		memcpy(&four->sin_addr, e->address.bytes, 4);
		return sizeof(*four);
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(e->port);
	memcpy(&six->sin6_addr, e->address.bytes, 16);
	return sizeof(*six);
}

static int wait_connected(int fd, int64_t deadline_ms)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLOUT};
		int64_t left_ms = deadline_ms - moment_boot_ms();
		int error = 0;
		socklen_t len = sizeof(error);

		if (left_ms <= 0)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)left_ms) < 0 && errno != EINTR)
			return -errno;
		if (!p.revents)
			continue;
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
			return -errno;
		return -error;
	}
}

static int dial_one(const struct endpoint *to, int64_t deadline_ms)
{
	_cleanup_close_ int fd = -1;
	struct sockaddr_storage ss;
	socklen_t len = to_sockaddr(to, &ss);
	int r = 0;

	fd = socket(
		ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	dial_keepalive(fd);
	if (connect(fd, (const void *)&ss, len) < 0) {
		if (errno != EINPROGRESS)
			return -errno;
		r = wait_connected(fd, deadline_ms);
	}
	return r < 0 ? r : TAKE_FD(fd);
}

int dial(const struct permit *permit, int timeout_ms, struct endpoint *ret_to)
{
	int64_t now_ms = moment_boot_ms(), deadline_ms = now_ms + timeout_ms;
	int r = -EDESTADDRREQ;

	for (size_t i = 0; i < permit->address_count; i++) {
		struct endpoint to = {
			.address = permit->addresses[i], .port = permit->port};
		int64_t left_ms = deadline_ms - moment_boot_ms();

		/* The ones still to be tried have a right to their share. */
		left_ms /= (int64_t)(permit->address_count - i);
		r = dial_one(&to, moment_boot_ms() + left_ms);
		if (r >= 0) {
			*ret_to = to;
			return r;
		}
	}
	return r;
}

const char *dial_reason(int error)
{
	switch (-error) {
	case ECONNREFUSED:
	case ECONNRESET:
		return "refused";
	case ETIMEDOUT:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENETDOWN:
		return "unreachable";
	default:
		return "error";
	}
}
