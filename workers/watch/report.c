/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/watch/report.h"

#include "audit/event.h"

static struct event of_session(
	enum event_id id, const struct session_record *s, const char *by)
{
	return (struct event){
		.id = id,
		.outcome = OUTCOME_SUCCESS,
		.user = s->user,
		.uid = s->uid,
		.session = s->uuid,
		.source = s->source,
		.source_port = s->source_port,
		.key = s->key,
		.by = by,
	};
}

static struct event of_connection(enum event_id id,
	const struct connection_case *c, const char *by,
	char proto[PROTO_TEXT_SIZE])
{
	const struct connection_record *r = &c->record;
	struct event e = {
		.id = id,
		.outcome = OUTCOME_SUCCESS,
		.reason = c->reason,
		.user = r->user,
		.uid = r->uid,
		.session = r->session,
		.conn = r->conn,
		.target = r->target,
		.proto = proto_text(r->proto, r->port, proto),
		.port = r->port,
		.by = by,
	};

	if (r->grant[0])
		e.grant = r->grant;
	if (r->address[0])
		e.address = r->address;
	if (c->session)
		e.source = c->session->record.source;
	return e;
}

static int64_t lasted_ms(int64_t started, int64_t now_sec)
{
	int64_t sec;

	if (started <= 0 || __builtin_sub_overflow(now_sec, started, &sec) ||
		sec < 0 || sec > INT64_MAX / 1000)
		return 0;
	return sec * 1000;
}

void report_session_cut(const struct session_case *s, const char *by)
{
	struct event e = of_session(EVENT_SESSION_TERMINATED, &s->record, by);

	e.reason = s->reason;
	(void)event_emit(&e);
}

void report_connection_cut(const struct connection_case *c, const char *by)
{
	char proto[PROTO_TEXT_SIZE];
	const struct event e =
		of_connection(EVENT_SESSION_TERMINATED, c, by, proto);

	(void)event_emit(&e);
}

void report_orphan_cut(const struct orphan_case *o, const char *by)
{
	const struct event e = {
		.id = EVENT_SESSION_TERMINATED,
		.outcome = OUTCOME_SUCCESS,
		.reason = "record",
		.uid = o->scope.uid,
		.by = by,
		.detail = "processes of a supplier without a session record",
		.file = o->scope.cgroup,
	};

	(void)event_emit(&e);
}

void report_session_end(
	const struct session_case *s, const char *by, int64_t now_sec)
{
	struct event e = of_session(EVENT_SESSION_END, &s->record, by);

	e.reason = s->reason;
	e.duration_ms = lasted_ms(s->record.started, now_sec);
	e.detail = "PAM could not close this session; the record is closed "
		   "here";
	(void)event_emit(&e);
}

void report_connection_end(
	const struct connection_case *c, const char *by, int64_t now_sec)
{
	char proto[PROTO_TEXT_SIZE];
	struct event e = of_connection(EVENT_CONN_CLOSE, c, by, proto);

	e.duration_ms = lasted_ms(c->record.started, now_sec);
	e.detail = "the relay could not say it; bytes are unknown";
	(void)event_emit(&e);
}
