/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The auditd sink. libaudit hides some failures from callers without
 * privilege (its result is 0 then), and takes messages while kernel auditing
 * is off; so only a positive result counts, and health looks at the rest.
 */
#include <errno.h>
#include <libaudit.h>

#include "audit/table.h"
#include "base/cleanup.h"

static int send_type(int fd, int type, const char *text, const struct event *e)
{
	/* both given and numeric: libaudit would look names up otherwise */
	const char *source = e->source ? e->source : "?";
	int r;

	errno = 0;
	r = audit_log_user_message(fd, type, text, source,
		e->source ? e->source : NULL, e->terminal ? e->terminal : "ssh",
		e->outcome == OUTCOME_SUCCESS);
	if (r > 0)
		return 0;
	return errno ? -errno : -EPERM;
}

int audit_send(const struct event *e)
{
	const struct event_row *row = event_row(e->id);
	_cleanup_close_ int fd = -1;
	char text[AUDIT_TEXT_SIZE];
	int anomaly, r;

	if (!row)
		return -EINVAL;
	if (!row->audit_type)
		return 0;
	r = event_format_audit(e, text, sizeof(text));
	if (r < 0)
		return r;
	fd = audit_open();
	if (fd < 0)
		return -errno;
	r = send_type(fd, row->audit_type, text, e);
	anomaly = event_anomaly_type(e);
	if (r == 0 && anomaly)
		r = send_type(fd, anomaly, text, e);
	return r;
}
