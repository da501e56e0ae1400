/* SPDX-License-Identifier: BSD-2-Clause */
/* Both protocols are a few lines each; libsystemd is seven libraries. */
#include "approvals/http/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/number.h"

#define BACKLOG 512

int listen_passed(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	uint64_t number, count;

	if (!pid || !fds || number_parse(pid, 1, INT32_MAX, &number) < 0 ||
		number != (uint64_t)getpid() ||
		number_parse(fds, 1, 16, &count) < 0)
		return 0;
	return (int)count;
}

static int open_v4(const char *host, uint16_t port, int *ret_fd)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons(port)};
	static const int on = 1;
	_cleanup_close_ int fd = -1;

	if (inet_pton(AF_INET, host, &at.sin_addr) != 1)
		return -EINVAL;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int open_v6(const char *host, uint16_t port, int *ret_fd)
{
	struct sockaddr_in6 at = {
		.sin6_family = AF_INET6, .sin6_port = htons(port)};
	static const int on = 1, off = 0;
	bool any = host[0] == '\0' || strcmp(host, "::") == 0;
	_cleanup_close_ int fd = -1;

	if (!any && inet_pton(AF_INET6, host, &at.sin6_addr) != 1)
		return -EINVAL;
	fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, any ? &off : &on,
			sizeof(on)) < 0 ||
		bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int listen_open(const char *host, uint16_t port)
{
	_cleanup_close_ int fd = -1;
	int r;

	r = strchr(host, '.') ? open_v4(host, port, &fd)
			      : open_v6(host, port, &fd);
	if (r == -EAFNOSUPPORT && (host[0] == '\0' || strcmp(host, "::") == 0))
		r = open_v4("0.0.0.0", port, &fd);
	if (r < 0)
		return r;
	return listen(fd, BACKLOG) < 0 ? -errno : TAKE_FD(fd);
}

void listen_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	size_t len = path ? strlen(path) : 0;
	_cleanup_close_ int fd = -1;

	if (len < 2 || len >= sizeof(at.sun_path) ||
		(path[0] != '/' && path[0] != '@'))
		return;
	memcpy(at.sun_path, path, len);
	if (at.sun_path[0] == '@')
		at.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL,
			(struct sockaddr *)&at,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				    len));
}
