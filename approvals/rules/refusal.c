/* SPDX-License-Identifier: BSD-2-Clause */
/* How a refusal is written down. */
#include "approvals/rules/refusal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int refuse(struct refusal *ret, enum refusal_kind kind, const char *field,
	const char *format, ...)
{
	va_list ap;

	ret->kind = kind;
	snprintf(ret->field, sizeof(ret->field), "%s", field ? field : "");
	va_start(ap, format);
	vsnprintf(ret->detail, sizeof(ret->detail), format, ap);
	va_end(ap);
	return -EPERM;
}

int refuse_reader(struct refusal *ret, const struct json_reader *r)
{
	return refuse(ret, REFUSAL_MALFORMED, r->field, "%s%s%s",
		r->field[0] ? r->field : "the body", " ",
		r->why ? r->why : "can't be read");
}
