/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpctl/probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

#define WAIT_MS	   1200
#define LIMIT_SEC  3
#define ICMP6_ECHO 128

const char *met_word(enum met m)
{
	static const char *const words[MET_COUNT] = {"unknown", "open",
		"refused", "denied", "permission", "no-route", "silent"};

	return (unsigned)m < MET_COUNT ? words[m] : words[0];
}

const char *way_word(enum way w)
{
	static const char *const words[] = {
		"none", "tcp", "udp", "icmp", "socket", "exec"};

	return (size_t)w < ARRAY_LEN(words) ? words[w] : words[0];
}

static enum met met_errno(int error)
{
	switch (error) {
	case ECONNREFUSED:
	case ECONNRESET:
		return MET_REFUSED;
	case EPERM:
		return MET_DENIED;
	case EACCES:
	case ENOENT:
		return MET_PERMISSION;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
		return MET_NO_ROUTE;
	case ETIMEDOUT:
		return MET_SILENT;
	default:
		return MET_UNKNOWN;
	}
}

static socklen_t to_sockaddr(
	const struct probe *p, struct sockaddr_storage *ret)
{
	struct sockaddr_in *four = (void *)ret;
	struct sockaddr_in6 *six = (void *)ret;

	memset(ret, 0, sizeof(*ret));
	ret->ss_family = p->address.family;
	if (p->address.family == AF_INET) {
		four->sin_port = htons(p->port);
		memcpy(&four->sin_addr, p->address.bytes, 4);
		return sizeof(*four);
	}
	six->sin6_port = htons(p->port);
	memcpy(&six->sin6_addr, p->address.bytes, 16);
	return sizeof(*six);
}

static enum met wait_for(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};
	int error = 0;
	socklen_t len = sizeof(error);

	if (poll(&p, 1, WAIT_MS) <= 0)
		return MET_SILENT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return MET_UNKNOWN;
	return error ? met_errno(error) : MET_OPEN;
}

static enum met try_tcp(const struct probe *p)
{
	struct sockaddr_storage ss;
	socklen_t len = to_sockaddr(p, &ss);
	_cleanup_close_ int fd =
		socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return met_errno(errno);
	if (connect(fd, (const void *)&ss, len) == 0)
		return MET_OPEN;
	return errno == EINPROGRESS ? wait_for(fd, POLLOUT) : met_errno(errno);
}

/* A packet that leaves without an error is out, whoever answers. */
static enum met try_packet(
	const struct probe *p, int protocol, const void *bytes, size_t size)
{
	struct sockaddr_storage ss;
	socklen_t len = to_sockaddr(p, &ss);
	_cleanup_close_ int fd =
		socket(ss.ss_family, SOCK_DGRAM | SOCK_NONBLOCK, protocol);
	enum met met;

	if (fd < 0)
		return met_errno(errno);
	if (connect(fd, (const void *)&ss, len) < 0 ||
		send(fd, bytes, size, 0) < 0)
		return met_errno(errno);
	met = wait_for(fd, POLLIN);
	return met == MET_UNKNOWN ? MET_SILENT : met;
}

static enum met try_udp(const struct probe *p)
{
	return try_packet(p, IPPROTO_UDP, "?", 1);
}

static enum met try_icmp(const struct probe *p)
{
	bool six = p->address.family == AF_INET6;
	const struct icmphdr echo = {.type = six ? ICMP6_ECHO : ICMP_ECHO};

	return try_packet(
		p, six ? IPPROTO_ICMPV6 : IPPROTO_ICMP, &echo, sizeof(echo));
}

static enum met try_socket(const struct probe *p)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = -1;

	if (strlen(p->path) >= sizeof(address.sun_path))
		return MET_UNKNOWN;
	memcpy(address.sun_path, p->path, strlen(p->path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return met_errno(errno);
	if (connect(fd, (const void *)&address, sizeof(address)) == 0)
		return MET_OPEN;
	/* EPROTOTYPE comes after the modes have let it in. */
	return errno == EPROTOTYPE || errno == EAGAIN ? MET_OPEN
						      : met_errno(errno);
}

static enum met try_here(const struct probe *p)
{
	switch (p->way) {
	case WAY_TCP:
		return try_tcp(p);
	case WAY_UDP:
		return try_udp(p);
	case WAY_ICMP:
		return try_icmp(p);
	case WAY_SOCKET:
		return try_socket(p);
	case WAY_EXEC:
		return access(p->path, X_OK) == 0 ? MET_OPEN : met_errno(errno);
	case WAY_NONE:
		break;
	}
	return MET_UNKNOWN;
}

/* For good: real, effective and saved ids, and no group but its own. */
static bool become(uid_t uid)
{
	gid_t gid = (gid_t)uid;

	return setgroups(0, NULL) == 0 && setresgid(gid, gid, gid) == 0 &&
	       setresuid(uid, uid, uid) == 0 && setuid(0) < 0;
}

enum met probe_try(const struct probe *p)
{
	int status = 0;
	pid_t pid;

	if (p->uid == 0 || geteuid() != 0)
		return MET_UNKNOWN;
	pid = fork();
	if (pid < 0)
		return MET_UNKNOWN;
	if (pid == 0) {
		(void)alarm(LIMIT_SEC);
		_exit(become(p->uid) ? (int)try_here(p) : MET_UNKNOWN);
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return MET_UNKNOWN;
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) >= MET_COUNT)
		return MET_UNKNOWN;
	return (enum met)WEXITSTATUS(status);
}
