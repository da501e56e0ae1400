/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/relay/line.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/moment.h"
#include "workers/relay/refusal.h"

#define WORD_MAX_BYTES 64

/* One word, copied out; false once there is none. */
static bool take_word(struct cursor *c, char word[WORD_MAX_BYTES + 1])
{
	size_t len;
	const char *at = cursor_until(c, ' ', WORD_MAX_BYTES, &len);

	if (!at || len == 0 || memchr(at, '\0', len))
		return false;
	memcpy(word, at, len);
	word[len] = '\0';
	return true;
}

static int set_text(char *to, size_t size, const char *value)
{
	if (to[0] || strlen(value) >= size)
		return -EBADMSG;
	memcpy(to, value, strlen(value) + 1);
	return 0;
}

static int take_pair(char *word, struct line *line)
{
	char *equals = strchr(word, '=');
	const char *value;

	if (!equals)
		return -EBADMSG;
	*equals = '\0';
	value = equals + 1;
	if (line->verb == VERB_REFUSED)
		return strcmp(word, "reason") == 0 && refusal_known(value)
			       ? set_text(line->reason, sizeof(line->reason),
					 value)
			       : -EBADMSG;
	if (strcmp(word, "conn") == 0 && conn_valid(value))
		return set_text(line->conn, sizeof(line->conn), value);
	if (line->verb != VERB_CONNECT)
		return -EBADMSG;
	if (strcmp(word, "target") == 0 && name_valid(value))
		return set_text(line->target, sizeof(line->target), value);
	if (strcmp(word, "proto") == 0 && line->proto == PROTO_NONE) {
		line->proto = proto_from_name(value);
		return line->proto == PROTO_NONE ? -EBADMSG : 0;
	}
	return -EBADMSG;
}

static bool whole(const struct line *line)
{
	if (line->verb == VERB_REFUSED)
		return line->reason[0] != '\0';
	if (!line->conn[0])
		return false;
	return line->verb == VERB_STATUS ||
	       (line->target[0] && line->proto != PROTO_NONE);
}

int line_parse(const char *text, size_t len, struct line *ret_line)
{
	char padded[LINE_MAX_BYTES + 1], word[WORD_MAX_BYTES + 1];
	struct line line = {0};
	struct cursor c;

	if (len == 0 || len >= LINE_MAX_BYTES)
		return -EBADMSG;
	memcpy(padded, text, len);
	padded[len] = ' '; /* so that the last word ends like the others */
	cursor_init(&c, padded, len + 1);
	if (!take_word(&c, word))
		return -EBADMSG;
	if (strcmp(word, "connect") == 0)
		line.verb = VERB_CONNECT;
	else if (strcmp(word, "status") == 0)
		line.verb = VERB_STATUS;
	else if (strcmp(word, "refused") == 0)
		line.verb = VERB_REFUSED;
	else
		return -EBADMSG;
	while (cursor_left(&c) > 0) {
		if (!take_word(&c, word) || take_pair(word, &line) < 0)
			return -EBADMSG;
	}
	if (!whole(&line))
		return -EBADMSG;
	*ret_line = line;
	return 0;
}

int line_read(int fd, int timeout_ms, char text[LINE_MAX_BYTES])
{
	int64_t deadline_ms = moment_boot_ms() + timeout_ms;
	size_t len = 0;

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left_ms = deadline_ms - moment_boot_ms();
		ssize_t n;

		if (left_ms <= 0)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)left_ms) < 0 && errno != EINTR)
			return -errno;
		if (!p.revents)
			continue;
		n = recv(fd, text + len, 1, MSG_DONTWAIT);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EPIPE;
		if (text[len] == '\n')
			return (int)len;
		if (++len == LINE_MAX_BYTES)
			return -EMSGSIZE;
	}
}
