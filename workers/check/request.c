/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/check/request.h"

#include <errno.h>
#include <string.h>

#include "workers/peer/line.h"

static int take_line(const char *bytes, size_t len, struct check_request *q)
{
	const char *conn, *target;
	struct line l;

	if (line_parse(bytes, len, &l) < 0)
		return -EBADMSG;
	conn = line_value(&l, "conn");
	target = line_value(&l, "target");
	if (strcmp(l.verb, "check") != 0 || l.count != 2 || !conn || !target ||
		!conn_valid(conn) || !name_valid(target))
		return -EBADMSG;
	memcpy(q->conn, conn, strlen(conn) + 1);
	memcpy(q->target, target, strlen(target) + 1);
	return 0;
}

int check_request_parse(
	const char *bytes, size_t len, struct check_request *ret_request)
{
	const char *newline = memchr(bytes, '\n', len);
	struct check_request q = {0};
	size_t line_len, name_len;

	if (!newline)
		return -EBADMSG;
	line_len = (size_t)(newline + 1 - bytes);
	name_len = len - line_len;
	if (name_len == 0 || name_len >= sizeof(q.name) ||
		memchr(newline + 1, '\0', name_len) ||
		take_line(bytes, line_len, &q) < 0)
		return -EBADMSG;
	memcpy(q.name, newline + 1, name_len);
	*ret_request = q;
	return 0;
}

int check_command_split(const char *text, struct check_command *ret_command)
{
	struct check_command *c = ret_command;
	char *save = NULL, *word;
	size_t count = 0;

	if (!text[0])
		return -ENOENT;
	if (strlen(text) >= sizeof(c->bytes))
		return -EINVAL;
	memcpy(c->bytes, text, strlen(text) + 1);
	for (word = strtok_r(c->bytes, " \t", &save); word;
		word = strtok_r(NULL, " \t", &save)) {
		if (count == CHECK_WORDS_MAX)
			return -EINVAL;
		c->argv[count++] = word;
	}
	c->argv[count] = NULL;
	return count > 0 && c->argv[0][0] == '/' ? 0 : -EINVAL;
}
