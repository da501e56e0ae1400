/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The journal sink: one datagram in the journal's native protocol. Spoken
 * directly, because libsystemd would bring half a dozen compression
 * libraries into sshd and into each login shell.
 */
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "audit/table.h"
#include "base/cleanup.h"

/* The tests build this file a second time, with a place of theirs. */
#ifndef JOURNAL_SOCKET
#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#endif
#define FULL_TRIES  50
#define FULL_NAP_MS 10

static int send_once(int fd, const void *data, size_t len)
{
	static const struct sockaddr_un to = {
		.sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET};

	return sendto(fd, data, len, MSG_NOSIGNAL,
		       (const struct sockaddr *)&to, sizeof(to)) < 0
		       ? -errno
		       : 0;
}

int journal_send(const struct event *e, const char *audit_result, bool wait)
{
	int tries = wait ? FULL_TRIES : 1, r;
	_cleanup_close_ int fd = -1;
	char data[JOURNAL_DATA_SIZE];
	int len = event_format_journal(e, audit_result, data, sizeof(data));

	if (len < 0)
		return len;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	r = send_once(fd, data, (size_t)len);
	while (--tries > 0 && (r == -EAGAIN || r == -ENOBUFS || r == -EINTR)) {
		(void)poll(NULL, 0, FULL_NAP_MS);
		r = send_once(fd, data, (size_t)len);
	}
	return r;
}
