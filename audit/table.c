/* SPDX-License-Identifier: BSD-2-Clause */
#include "audit/table.h"

#include <libaudit.h>
#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"

static const struct event_row rows[EVENT_COUNT] = {
#define EVENT(id, name, type, op, mid, ok, bad, subject, text)                 \
	[EVENT_##id] = {name, type, op, mid, ok, bad, subject, text},
#include "audit/events.def"
#undef EVENT
};

const struct event_row *event_row(enum event_id id)
{
	if (id <= EVENT_NONE || id >= EVENT_COUNT || !rows[id].name)
		return NULL;
	return &rows[id];
}

const char *event_name(enum event_id id)
{
	const struct event_row *row = event_row(id);

	return row ? row->name : "none";
}

int event_anomaly_type(const struct event *e)
{
	static const struct {
		const char *reason;
		int type;
	} anomalies[] = {
		{"no_grant", AUDIT_ANOM_LOGIN_TIME},
		{"early", AUDIT_ANOM_LOGIN_TIME},
		{"late", AUDIT_ANOM_LOGIN_TIME},
		{"revoked", AUDIT_ANOM_LOGIN_TIME},
		{"source", AUDIT_ANOM_LOGIN_LOCATION},
		{"limit", AUDIT_ANOM_LOGIN_SESSIONS},
	};

	if (e->id == EVENT_AUTH_LOCKED)
		return AUDIT_ANOM_LOGIN_FAILURES;
	if (e->id != EVENT_ACCESS_CHECK || e->outcome == OUTCOME_SUCCESS ||
		!e->reason)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(anomalies); i++) {
		if (strcmp(e->reason, anomalies[i].reason) == 0)
			return anomalies[i].type;
	}
	return 0;
}
