/* SPDX-License-Identifier: BSD-2-Clause */
/* One pass over the fields, each known one with its own rule. */
#include "approvals/http/strict.h"

#include <microhttpd.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/number.h"

static bool is_token(const char *text, size_t len)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    (c >= '0' && c <= '9') || (c && strchr(others, c))))
			return false;
	}
	return len > 0;
}

static bool is_plain_value(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return strnlen(text, len + 1) == len;
}

/* Those that a request of ours may have once at most. */
enum known {
	KNOWN_HOST,
	KNOWN_LENGTH,
	KNOWN_CODING,
	KNOWN_TYPE,
	KNOWN_EXPECT,
	KNOWN_MATCH,
	KNOWN_PREFER,
	KNOWN_COUNT
};

static const char *const known_names[KNOWN_COUNT] = {
	[KNOWN_HOST] = "Host",
	[KNOWN_LENGTH] = "Content-Length",
	[KNOWN_CODING] = "Transfer-Encoding",
	[KNOWN_TYPE] = "Content-Type",
	[KNOWN_EXPECT] = "Expect",
	[KNOWN_MATCH] = "If-None-Match",
	[KNOWN_PREFER] = "Prefer",
};

static unsigned collect(const struct head *head,
	const char *values[KNOWN_COUNT], const char **ret_why)
{
	for (size_t i = 0; i < head->count; i++) {
		const struct field *f = &head->fields[i];

		if (!is_token(f->name, f->name_len) ||
			!is_plain_value(f->value, f->value_len)) {
			*ret_why = "a header has characters that must not be";
			return 400;
		}
		for (size_t k = 0; k < KNOWN_COUNT; k++) {
			if (strcasecmp(f->name, known_names[k]) != 0)
				continue;
			if (values[k]) {
				*ret_why = "a header stands there twice";
				return 400;
			}
			values[k] = f->value;
		}
	}
	return 0;
}

static bool takes_body(const char *method)
{
	return strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0;
}

static bool is_json(const char *type)
{
	return type && (strcasecmp(type, "application/json") == 0 ||
			       strcasecmp(type, "application/json; "
						"charset=utf-8") == 0);
}

static unsigned judge_body(const char *method,
	const char *const values[KNOWN_COUNT], struct strict_request *ret,
	const char **ret_why)
{
	const char *length = values[KNOWN_LENGTH];

	*ret_why = "bodies come with one Content-Length and no "
		   "Transfer-Encoding here";
	if (values[KNOWN_CODING])
		return 400;
	if (length && number_parse(length, 0, INT64_MAX, &ret->body_len) < 0)
		return 400;
	if (!takes_body(method)) {
		*ret_why = "this method has no body";
		return ret->body_len ? 400 : 0;
	}
	if (!length)
		return 411;
	*ret_why = "bodies are application/json";
	ret->has_body = true;
	return is_json(values[KNOWN_TYPE]) ? 0 : 415;
}

unsigned strict_judge(const struct head *head,
	struct strict_request *ret_request, const char **ret_why)
{
	const char *values[KNOWN_COUNT] = {NULL};
	struct strict_request request = {0};
	unsigned status;

	*ret_why = "HTTP/1.1 is spoken here";
	if (strcmp(head->version, "HTTP/1.1") != 0)
		return 505;
	*ret_why = "too many headers";
	if (head->count > STRICT_FIELDS_MAX)
		return 431;
	status = collect(head, values, ret_why);
	if (status)
		return status;
	*ret_why = "lines are broken in other ways than CR LF";
	if (!strict_contiguous(head))
		return 400;
	*ret_why = "one Host is wanted";
	if (!values[KNOWN_HOST] || !values[KNOWN_HOST][0])
		return 400;
	*ret_why = "only 100-continue can be expected";
	if (values[KNOWN_EXPECT] &&
		strcasecmp(values[KNOWN_EXPECT], "100-continue") != 0)
		return 417;
	status = judge_body(head->method, values, &request, ret_why);
	if (status)
		return status;
	request.if_none_match = values[KNOWN_MATCH];
	request.prefer = values[KNOWN_PREFER];
	*ret_request = request;
	return 0;
}

/*
 * libmicrohttpd before 1.0 parses heads in place: it ends names and values
 * with NUL where they stand. So the next name begins two bytes after the
 * value, where CR LF were. It copies a line that it unfolds, takes a bare LF
 * as the end of a line, and cuts at a NUL: each shows as another distance.
 * Later versions have levels of strictness, which the server sets.
 */
bool strict_contiguous(const struct head *head)
{
	const char *end = head->version + strlen(head->version);

	if (MHD_get_version()[0] != '0')
		return true;
	if (head->target != head->method + strlen(head->method) + 1 ||
		head->version != head->target_end + 1)
		return false;
	for (size_t i = 0; i < head->count; i++) {
		const struct field *f = &head->fields[i];

		if (f->name != end + 2 || f->value < f->name + f->name_len)
			return false;
		end = f->value + f->value_len;
	}
	/* Behind the last one stand its own line's end and an empty line. */
	return head->count == 0 || (end[0] == '\0' && end[1] == '\0');
}

static bool only(const char *text, const char *others)
{
	for (; *text; text++) {
		char c = *text;

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    (c >= '0' && c <= '9') || strchr(others, c)))
			return false;
	}
	return true;
}

bool strict_path(const char *path)
{
	return path[0] == '/' && only(path, "._~:/-");
}

bool strict_query_value(const char *value)
{
	return value && value[0] && only(value, "._~:-");
}
