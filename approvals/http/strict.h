/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a request's head must be before anyone reads it. libmicrohttpd lets
 * pass what other parsers read differently (two Content-Length, a body framed
 * in two ways, names with blanks, folded lines, NUL): all of it ends here.
 */
#ifndef JUMP_APPROVALS_HTTP_STRICT_H
#define JUMP_APPROVALS_HTTP_STRICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STRICT_FIELDS_MAX 64

struct field {
	const char *name, *value;
	size_t name_len, value_len;
};

struct head {
	/* Where they stand in the request line; target_end is the end of what
	 * the library made of address and query. */
	const char *method, *target, *target_end, *version;
	size_t count; /* may exceed what is kept: too many */
	struct field fields[STRICT_FIELDS_MAX];
};

/* What passed. Pointers are borrowed from the head. */
struct strict_request {
	bool has_body;
	uint64_t body_len;
	const char *if_none_match; /* NULL: none */
	const char *prefer;
};

/*
 * Returns 0, or the status to answer with (400, 411, 415, 417, 431, 505) and
 * a sentence (static). Pure. Source: RFC 9112 sections 2.2, 3.2, 5, 6, 11.2;
 * threat A-SMUGGLE.
 */
unsigned strict_judge(const struct head *head,
	struct strict_request *ret_request, const char **ret_why);

/*
 * Does the head lie in memory as it came over the wire, line after line with
 * CR LF between them? A folded line, a bare LF, a NUL or a second blank leaves
 * a gap. (A bare LF at the very end of the head leaves none.) True for
 * libraries that refuse these themselves.
 */
bool strict_contiguous(const struct head *head);

/* Path and query as they came, not decoded: only [A-Za-z0-9._~:/-]. */
bool strict_path(const char *path);
bool strict_query_value(const char *value);

#endif
