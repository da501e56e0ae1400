/* SPDX-License-Identifier: BSD-2-Clause */
/* Both copies are always tried; the audit copy is the one that counts. */
#include "audit/event.h"

#include <errno.h>

#include "audit/table.h"

static const char *audit_word(int result)
{
	switch (result) {
	case 0:
		return "ok";
	case -EPERM:
		return "refused";
	case -EMSGSIZE:
		return "too_long";
	default:
		return "lost";
	}
}

int event_emit(const struct event *e)
{
	const struct event_row *row = event_row(e->id);
	int audit_result, journal_result;

	if (!row)
		return -EINVAL;
	audit_result = audit_send(e);
	journal_result = journal_send(e, audit_word(audit_result),
		!row->audit_type || audit_result < 0);
	return row->audit_type ? audit_result : journal_result;
}
