/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/credential/request.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "workers/peer/line.h"

static enum credential_verb verb_of(const char *word)
{
	static const char *const words[] = {
		[CREDENTIAL_GET] = "get",
		[CREDENTIAL_RIGHT] = "right",
		[CREDENTIAL_WRONG] = "wrong",
	};

	for (size_t i = 1; i < ARRAY_LEN(words); i++) {
		if (strcmp(words[i], word) == 0)
			return (enum credential_verb)i;
	}
	return CREDENTIAL_NONE;
}

int credential_request_parse(
	const char *bytes, size_t len, struct credential_request *ret_request)
{
	struct credential_request q = {0};
	const char *conn, *target;
	struct line l;

	if (line_parse(bytes, len, &l) < 0)
		return -EBADMSG;
	q.verb = verb_of(l.verb);
	conn = line_value(&l, "conn");
	target = line_value(&l, "target");
	if (q.verb == CREDENTIAL_NONE || l.count != 2 || !conn || !target ||
		!conn_valid(conn) || !name_valid(target))
		return -EBADMSG;
	memcpy(q.conn, conn, strlen(conn) + 1);
	memcpy(q.target, target, strlen(target) + 1);
	*ret_request = q;
	return 0;
}
