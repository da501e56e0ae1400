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

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define FULL_TRIES     50
#define FULL_NAP_MS    10

/*
 * A journal that is behind is waited for, half a second at most: an event is
 * not lost to a burst, and a login does not hang on a journal that hangs.
 */
static int send_patiently(int fd, const void *data, size_t len)
{
	static const struct sockaddr_un to = {
		.sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET};

	for (int try = 0; try < FULL_TRIES; try++) {
		if (sendto(fd, data, len, MSG_NOSIGNAL,
			    (const struct sockaddr *)&to, sizeof(to)) >= 0)
			return 0;
		if (errno == EAGAIN || errno == ENOBUFS)
			(void)poll(NULL, 0, FULL_NAP_MS);
		else if (errno != EINTR)
			break;
	}
	return -errno;
}

int journal_send(const struct event *e, const char *audit_result)
{
	_cleanup_close_ int fd = -1;
	char data[JOURNAL_DATA_SIZE];
	int len = event_format_journal(e, audit_result, data, sizeof(data));

	if (len < 0)
		return len;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	return send_patiently(fd, data, (size_t)len);
}
