/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/recorder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/cleanup.h"
#include "jumpshell/places.h"

#define LINE_SIZE     512
#define READY_WAIT_MS 10000

static int send_request(int fd, const struct recorder_request *q)
{
	char line[LINE_SIZE], term[TERMINAL_NAME_SIZE + 8] = "";
	char command[32] = "";
	int n;

	if (q->terminal->is)
		snprintf(term, sizeof(term), " term=%s", q->terminal->name);
	if (q->command)
		snprintf(command, sizeof(command), " command=%zu",
			q->command_len);
	n = snprintf(line, sizeof(line),
		"record conn=%s target=%s account=%s proto=%s cols=%u "
		"rows=%u%s%s\n",
		q->conn, q->target, q->account, proto_name(q->proto),
		q->terminal->cols, q->terminal->rows, term, command);
	if (n < 0 || (size_t)n >= sizeof(line))
		return -EMSGSIZE;
	if (send(fd, line, (size_t)n, MSG_NOSIGNAL) != n)
		return -EPIPE;
	if (q->command && send(fd, q->command, q->command_len, MSG_NOSIGNAL) !=
				  (ssize_t)q->command_len)
		return -EPIPE;
	return 0;
}

int recorder_begin(const struct recorder_request *q)
{
	_cleanup_close_ int fd = ask_connect(PLACE_RECORD_SOCK, SOCK_SEQPACKET);
	int r;

	if (fd < 0)
		return fd;
	r = send_request(fd, q);
	return r < 0 ? r : TAKE_FD(fd);
}

int recorder_ready(int fd, struct ask_answer *ret_answer)
{
	char line[LINE_SIZE];
	ssize_t n;
	int r = ask_wait(fd, READY_WAIT_MS);

	if (r < 0)
		return r;
	n = recv(fd, line, sizeof(line), 0);
	if (n <= 0)
		return n < 0 ? -errno : -EPIPE;
	return ask_parse(line, (size_t)n, ret_answer);
}

int recorder_send(int fd, char kind, const void *bytes, size_t len, bool wait)
{
	struct iovec parts[] = {
		{.iov_base = &kind, .iov_len = 1},
		{.iov_base = (void *)bytes, .iov_len = len},
	};
	const struct msghdr message = {
		.msg_iov = parts, .msg_iovlen = ARRAY_LEN(parts)};

	for (;;) {
		ssize_t n = sendmsg(
			fd, &message, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));

		if (n == (ssize_t)len + 1)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		return n < 0 ? -errno : -EPIPE;
	}
}

int recorder_hear(int fd, struct ask_answer *ret_answer)
{
	char packet[ASK_TEXT_SIZE];
	ssize_t n = recv(fd, packet, sizeof(packet) - 1, MSG_DONTWAIT);

	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	if (n == 1 && packet[0] == '.')
		return '.';
	if (n > 1 && packet[0] == '!') {
		packet[n] = '\0';
		snprintf(ret_answer->text, sizeof(ret_answer->text), "%s",
			packet + 1);
		return '!';
	}
	return n == 0 ? -EPIPE : -EBADMSG;
}
