/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/checker.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "jumpshell/places.h"

#define LINE_SIZE 512

static int send_file(int sock, struct iovec *parts, size_t count, int file)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct msghdr message = {
		.msg_iov = parts,
		.msg_iovlen = count,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(file));
	memcpy(CMSG_DATA(c), &file, sizeof(file));
	return sendmsg(sock, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int checker_begin(const struct checker_request *q)
{
	_cleanup_close_ int fd = ask_connect(PLACE_CHECK_SOCK, SOCK_SEQPACKET);
	char line[LINE_SIZE];
	struct iovec parts[2];
	int n, r;

	if (fd < 0)
		return fd;
	n = snprintf(line, sizeof(line), "check conn=%s target=%s\n", q->conn,
		q->target);
	if (n < 0 || (size_t)n >= sizeof(line))
		return -EMSGSIZE;
	parts[0] = (struct iovec){line, (size_t)n};
	parts[1] = (struct iovec){(void *)q->name, strlen(q->name)};
	r = send_file(fd, parts, ARRAY_LEN(parts), q->file);
	return r < 0 ? r : TAKE_FD(fd);
}

/* "no REASON TEXT\n": what follows the reason is for people. */
static void take_text(const char *line, size_t len, struct ask_answer *answer)
{
	const char *blank = memchr(line + 3, ' ', len - 3);
	size_t n;

	answer->text[0] = '\0';
	if (!blank)
		return;
	n = (size_t)(line + len - 1 - (blank + 1));
	if (n >= sizeof(answer->text))
		n = sizeof(answer->text) - 1;
	for (size_t i = 0; i < n; i++) {
		char c = blank[1 + i];

		answer->text[i] = (char)(c >= 0x20 && c <= 0x7e ? c : '?');
	}
	answer->text[n] = '\0';
}

int checker_answer(int fd, struct ask_answer *ret_answer)
{
	char line[LINE_SIZE];
	ssize_t n = recv(fd, line, sizeof(line), MSG_DONTWAIT);
	int r;

	if (n < 0)
		return -errno;
	if (n == 0)
		return -EPIPE;
	r = ask_parse(line, (size_t)n, ret_answer);
	if (r == -EACCES)
		take_text(line, (size_t)n, ret_answer);
	return r;
}
