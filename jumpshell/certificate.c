/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/certificate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/moment.h"
#include "jumpshell/memfile.h"
#include "jumpshell/places.h"

#define ANSWER_WAIT_MS 10000

int certificate_connect(const char *zone)
{
	char path[108];
	int n = snprintf(path, sizeof(path), PLACE_CERT_FMT, zone);

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	return ask_connect(path, SOCK_STREAM);
}

/* Everything up to the end of file, within the time. */
static ssize_t read_answer(int sock, char *ret, size_t size)
{
	int64_t end_ms = moment_boot_ms() + ANSWER_WAIT_MS;
	size_t have = 0;

	for (;;) {
		int64_t left_ms = end_ms - moment_boot_ms();
		int r = ask_wait(sock, left_ms < 0 ? 0 : (int)left_ms);
		ssize_t n;

		if (r < 0)
			return r;
		n = read(sock, ret + have, size - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return (ssize_t)have;
		have += (size_t)n;
		if (have == size)
			return -EMSGSIZE;
	}
}

int certificate_get(int sock, const struct certificate_request *q,
	int memory_file, struct ask_answer *ret_answer)
{
	char text[CERTIFICATE_MAX];
	const char *newline;
	ssize_t n;
	int r;

	n = snprintf(text, sizeof(text),
		"sign conn=%s target=%s%s%s account=%s proto=%s\n%s", q->conn,
		q->target, q->hop ? " hop=" : "", q->hop ? q->hop : "",
		q->account, proto_name(q->proto), q->public_line);
	if (n < 0 || (size_t)n >= sizeof(text))
		return -EMSGSIZE;
	if (send(sock, text, (size_t)n, MSG_NOSIGNAL) != n)
		return -EPIPE;
	n = read_answer(sock, text, sizeof(text));
	if (n < 0)
		return (int)n;
	newline = memchr(text, '\n', (size_t)n);
	if (!newline)
		return -EBADMSG;
	r = ask_parse(text, (size_t)(newline + 1 - text), ret_answer);
	if (r < 0)
		return r;
	newline++;
	return memfile_fill(memory_file, newline, (size_t)(text + n - newline));
}
