/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/filter/news.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/number.h"

#define NEWS_FD	  3 /* sd_listen_fds(3) */
#define READS_MAX 100000
#define REST_MS	  500

int news_sockets(void)
{
	const char *pid_text = getenv("LISTEN_PID");
	const char *count_text = getenv("LISTEN_FDS");
	uint64_t pid, count;

	if (!pid_text || number_parse(pid_text, 1, INT32_MAX, &pid) < 0 ||
		(pid_t)pid != getpid())
		return 0; /* not meant for this process */
	if (!count_text || number_parse(count_text, 1, 1, &count) < 0)
		return -EINVAL;
	return 1;
}

bool news_take(void)
{
	char sink[4096]; /* what does not fit is dropped: it is not read */
	bool any = false;

	for (int i = 0; i < READS_MAX; i++) {
		ssize_t n = recv(NEWS_FD, sink, sizeof(sink), MSG_DONTWAIT);

		/* ENOBUFS: there was more than the kernel kept. */
		if (n < 0 && errno != ENOBUFS && errno != EINTR)
			break;
		any = true;
	}
	return any;
}

void news_rest(void)
{
	const struct timespec rest = {.tv_nsec = REST_MS * 1000000L};

	(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, NULL);
}
