/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/ask.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/moment.h"

int ask_connect(const char *path, int type)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = -1;

	if (strlen(path) >= sizeof(to.sun_path))
		return -ENAMETOOLONG;
	memcpy(to.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int ask_wait(int fd, int timeout_ms)
{
	int64_t end_ms = moment_boot_ms() + timeout_ms;

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left_ms = end_ms - moment_boot_ms();
		int n;

		if (left_ms < 0)
			return -ETIMEDOUT;
		n = poll(&p, 1, (int)left_ms);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

static int copy_word(const char *at, size_t len, char *ret, size_t size)
{
	if (len >= size)
		return -EBADMSG;
	for (size_t i = 0; i < len; i++) {
		if (at[i] < 0x20 || at[i] > 0x7e)
			return -EBADMSG;
	}
	memcpy(ret, at, len);
	ret[len] = '\0';
	return 0;
}

int ask_parse(const char *line, size_t len, struct ask_answer *ret_answer)
{
	const char *word = line + 3, *blank;
	size_t left;

	if (len < 3 || line[len - 1] != '\n')
		return -EBADMSG;
	if (memcmp(line, "ok\n", 3) == 0 && len == 3) {
		ret_answer->text[0] = '\0';
		return 0;
	}
	left = len - 4;
	if (len >= 4 && memcmp(line, "ok ", 3) == 0)
		return copy_word(
			word, left, ret_answer->text, sizeof(ret_answer->text));
	if (len < 5 || memcmp(line, "no ", 3) != 0)
		return -EBADMSG;
	blank = memchr(word, ' ', left);
	if (blank)
		left = (size_t)(blank - word);
	if (left == 0 || copy_word(word, left, ret_answer->reason,
				 sizeof(ret_answer->reason)) < 0)
		return -EBADMSG;
	return -EACCES;
}
