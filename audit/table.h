/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The event table in memory, and the two pure formatters over it. Sinks send
 * what the formatters made; tests and fuzzers look at it without sending.
 */
#ifndef JUMP_AUDIT_TABLE_H
#define JUMP_AUDIT_TABLE_H

#include <stddef.h>

#include "audit/event.h"

/* Longer records are cut by the kernel, and the result would be lost. */
#define AUDIT_TEXT_SIZE	  2048
#define JOURNAL_DATA_SIZE 16384
#define JOURNAL_FIELD_MAX 2048
#define MESSAGE_ID_SIZE	  33

struct event_row {
	const char *name;
	int audit_type; /* 0: journal only */
	const char *op;
	char message_id[MESSAGE_ID_SIZE];
	int priority_success, priority_failure;
	const char *subject;
	const char *explanation;
};

/* NULL for EVENT_NONE and anything unknown. */
const struct event_row *event_row(enum event_id id);

/*
 * The inside of an audit record, before what libaudit appends (exe,
 * hostname, addr, terminal, res). Values that an outsider chose are quoted
 * or hex-encoded so that no reader can take one for a field. Returns 0, or
 * -EMSGSIZE: then nothing must be sent cut short.
 */
int event_format_audit(const struct event *e, char *text, size_t size);

/*
 * The entry in the journal's native protocol (systemd's
 * JOURNAL_NATIVE_PROTOCOL): valid UTF-8, one value a field, no field above
 * JOURNAL_FIELD_MAX. audit_result is "ok" or one word why not. Returns the
 * length, or -EMSGSIZE.
 */
int event_format_journal(const struct event *e, const char *audit_result,
	char *data, size_t size);

/*
 * A second record that stock reports look for (aureport --anomaly): login at
 * a bad time, from a bad place, too many sessions, too many failures. 0 when
 * the event asks for none.
 */
int event_anomaly_type(const struct event *e);

/* The sinks; 0 or -errno. */
int audit_send(const struct event *e);

/*
 * wait: for a journal that is behind, half a second at most. For the only
 * copy of an event: what audit has does not hold up a login, or a cut, when
 * somebody floods the journal.
 */
int journal_send(const struct event *e, const char *audit_result, bool wait);

#endif
