/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/cert/request.h"

#include <errno.h>
#include <string.h>

#include "workers/peer/line.h"

/* The blob of an Ed25519 key is 51 bytes, so 68 digits and no padding. */
#define KEY_DIGITS 68

static int take_key(const char *line, size_t len, struct cert_request *q)
{
	static const char type[] = "ssh-ed25519 ";
	static const char head[] = "AAAAC3NzaC1lZDI1NTE5AAAAI";
	const char *digits = line + strlen(type);

	if (len != strlen(type) + KEY_DIGITS + 1 ||
		memcmp(line, type, strlen(type)) != 0 ||
		memcmp(digits, head, strlen(head)) != 0)
		return -EBADMSG;
	for (size_t i = 0; i < KEY_DIGITS; i++) {
		char c = digits[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
			!(c >= '0' && c <= '9') && c != '+' && c != '/')
			return -EBADMSG;
	}
	memcpy(q->key, line, len);
	q->key[len] = '\0';
	return 0;
}

/* Who is granted telnet has no use for a certificate, which would open ssh. */
static bool is_by_ssh(enum proto p)
{
	return p == PROTO_SSH || p == PROTO_SFTP;
}

static int take_words(const struct line *l, struct cert_request *q)
{
	const char *conn = line_value(l, "conn");
	const char *target = line_value(l, "target");
	const char *hop = line_value(l, "hop");
	const char *account = line_value(l, "account");
	const char *proto = line_value(l, "proto");
	size_t words = 3 + (hop ? 1 : 0) + (proto ? 1 : 0);

	q->proto = proto ? proto_from_name(proto) : PROTO_SSH;
	if (!is_by_ssh(q->proto) || strcmp(l->verb, "sign") != 0 ||
		l->count != words || !conn || !target || !account ||
		!conn_valid(conn) || !name_valid(target) ||
		!name_valid(account) || (hop && !name_valid(hop)))
		return -EBADMSG;
	memcpy(q->conn, conn, strlen(conn) + 1);
	memcpy(q->target, target, strlen(target) + 1);
	memcpy(q->account, account, strlen(account) + 1);
	if (hop)
		memcpy(q->hop, hop, strlen(hop) + 1);
	return 0;
}

int cert_request_parse(
	const char *bytes, size_t len, struct cert_request *ret_request)
{
	struct cert_request q = {0};
	struct line l;
	const char *first = memchr(bytes, '\n', len), *second;
	size_t line_len, left;

	if (!first)
		return len < LINE_MAX_BYTES ? -EAGAIN : -EBADMSG;
	line_len = (size_t)(first + 1 - bytes);
	if (line_parse(bytes, line_len, &l) < 0 || take_words(&l, &q) < 0)
		return -EBADMSG;
	left = len - line_len;
	second = memchr(first + 1, '\n', left);
	if (!second)
		return left < CERT_KEY_SIZE ? -EAGAIN : -EBADMSG;
	if (second + 1 != bytes + len || take_key(first + 1, left, &q) < 0)
		return -EBADMSG;
	*ret_request = q;
	return 0;
}
