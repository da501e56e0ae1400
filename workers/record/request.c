/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/record/request.h"

#include <errno.h>
#include <string.h>

#include "base/number.h"
#include "workers/peer/line.h"

#define SIDE_MAX 4096

static int take_number(const char *text, uint64_t max, unsigned *ret_value)
{
	uint64_t value;

	if (!text || number_parse(text, 1, max, &value) < 0)
		return -EBADMSG;
	*ret_value = (unsigned)value;
	return 0;
}

int record_size_parse(
	const char *text, size_t len, unsigned *ret_cols, unsigned *ret_rows)
{
	unsigned cols, rows;
	char copy[16], *x;

	if (len >= sizeof(copy))
		return -EBADMSG;
	memcpy(copy, text, len);
	copy[len] = '\0';
	x = strchr(copy, 'x');
	if (!x || strlen(copy) != len)
		return -EBADMSG;
	*x = '\0';
	if (take_number(copy, SIDE_MAX, &cols) < 0 ||
		take_number(x + 1, SIDE_MAX, &rows) < 0)
		return -EBADMSG;
	*ret_cols = cols;
	*ret_rows = rows;
	return 0;
}

/* A terminal's name goes into the header: letters, digits and "+._-". */
static int take_term(const char *text, char ret_term[RECORD_TERM_SIZE])
{
	size_t len = text ? strlen(text) : 0;

	if (len >= RECORD_TERM_SIZE)
		return -EBADMSG;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
			!(c >= '0' && c <= '9') && !strchr("+._-", c))
			return -EBADMSG;
	}
	memcpy(ret_term, text ? text : "", len + 1);
	return 0;
}

static int take_command(const char *text, struct record_request *q)
{
	uint64_t len;

	if (!text)
		return 0;
	if (number_parse(text, 1, RECORD_COMMAND_MAX, &len) < 0)
		return -EBADMSG;
	q->has_command = true;
	q->command_len = (size_t)len;
	return 0;
}

/* Of those alone that one logs in by: nothing else passes jumpshell. */
static int take_proto(const char *text, enum proto *ret_proto)
{
	enum proto p = text ? proto_from_name(text) : PROTO_SSH;

	if (!proto_has_account(p))
		return -EBADMSG;
	*ret_proto = p;
	return 0;
}

static bool only_known(const struct line *l)
{
	static const char known[] =
		" conn target account cols rows proto term command ";
	char word[40];

	for (size_t i = 0; i < l->count; i++) {
		size_t len = strlen(l->word[i].key);

		if (len + 3 > sizeof(word))
			return false;
		word[0] = ' ';
		memcpy(word + 1, l->word[i].key, len);
		memcpy(word + 1 + len, " ", 2);
		if (!strstr(known, word))
			return false;
	}
	return true;
}

int record_request_parse(
	const void *bytes, size_t len, struct record_request *ret_request)
{
	struct record_request q = {0};
	struct line l;
	const char *conn, *target, *account;
	int r = line_parse(bytes, len, &l);

	if (r < 0)
		return r;
	conn = line_value(&l, "conn");
	target = line_value(&l, "target");
	account = line_value(&l, "account");
	if (strcmp(l.verb, "record") != 0 || !only_known(&l) || !conn ||
		!target || !account || !conn_valid(conn) ||
		!name_valid(target) || !name_valid(account))
		return -EBADMSG;
	memcpy(q.conn, conn, strlen(conn) + 1);
	memcpy(q.target, target, strlen(target) + 1);
	memcpy(q.account, account, strlen(account) + 1);
	if (take_number(line_value(&l, "cols"), SIDE_MAX, &q.cols) < 0 ||
		take_number(line_value(&l, "rows"), SIDE_MAX, &q.rows) < 0 ||
		take_proto(line_value(&l, "proto"), &q.proto) < 0 ||
		take_term(line_value(&l, "term"), q.term) < 0 ||
		take_command(line_value(&l, "command"), &q) < 0)
		return -EBADMSG;
	*ret_request = q;
	return 0;
}
