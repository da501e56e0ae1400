/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/watch/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"

void notify(const char *state)
{
	const char *path = getenv(NOTIFY_VARIABLE);
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	size_t len = path ? strlen(path) : 0;
	_cleanup_close_ int fd = -1;

	if (len < 2 || len >= sizeof(a.sun_path) ||
		(path[0] != '/' && path[0] != '@'))
		return;
	memcpy(a.sun_path, path, len);
	if (path[0] == '@')
		a.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0)
		(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL,
			(struct sockaddr *)&a,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				    len));
}
