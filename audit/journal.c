/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The journal sink: one datagram in the journal's native protocol. Spoken
 * directly, because libsystemd would bring half a dozen compression
 * libraries into sshd and into each login shell.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "audit/table.h"
#include "base/cleanup.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

int journal_send(const struct event *e, const char *audit_result)
{
	static const struct sockaddr_un to = {
		.sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET};
	_cleanup_close_ int fd = -1;
	char data[JOURNAL_DATA_SIZE];
	int len = event_format_journal(e, audit_result, data, sizeof(data));

	if (len < 0)
		return len;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (sendto(fd, data, (size_t)len, MSG_NOSIGNAL,
		    (const struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	return 0;
}
