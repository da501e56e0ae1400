/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/relay/events.h"

#include <inttypes.h>
#include <stdio.h>

#include "audit/event.h"

static const char *or_null(const char *text)
{
	return text[0] ? text : NULL;
}

/* Room of the caller's for what an event borrows. */
struct words {
	char address[ADDRESS_TEXT_SIZE];
	char proto[PROTO_TEXT_SIZE];
};

/* All that is known of a connection. */
static struct event describe(
	enum event_id id, const struct connection *c, struct words *w)
{
	const struct session_record *s = &c->who->session;
	const struct endpoint *to = &c->to;

	if (to->address.family == 0)
		to = &c->who->target; /* not decided yet: where it wanted to */
	return (struct event){
		.id = id,
		.user = or_null(s->user),
		.uid = s->uid ? s->uid : c->who->uid,
		.session = or_null(s->uuid),
		.grant = or_null(c->permit.grant),
		.conn = or_null(c->conn),
		.target = or_null(c->permit.target),
		.address = or_null(address_format(
			&to->address, w->address, sizeof(w->address))),
		.port = to->port,
		.proto = c->permit.proto ? proto_text(c->permit.proto, to->port,
						   w->proto)
					 : NULL,
		.account = or_null(c->permit.account),
		.via = or_null(c->permit.via),
		.source = or_null(s->source),
		.source_port = s->source_port,
		.key = or_null(s->key),
		.window_end = c->permit.until,
	};
}

/* Through a tunnel, what it is is what the port is for: nothing looks. */
static const char *road_of(const struct connection *c)
{
	if (c->who->channel != CHANNEL_TUNNEL)
		return "by jumpshell";
	return c->permit.proto == PROTO_TCP
		       ? "through a tunnel, by its port: not looked into"
		       : "through a tunnel";
}

int event_open(const struct connection *c)
{
	struct words w;
	struct event e = describe(EVENT_CONN_OPEN, c, &w);

	e.outcome = OUTCOME_SUCCESS;
	e.detail = road_of(c);
	return event_emit(&e);
}

void event_close(const struct connection *c)
{
	struct words w;
	struct event e = describe(EVENT_CONN_CLOSE, c, &w);

	e.outcome = OUTCOME_SUCCESS;
	e.reason = c->reason;
	e.by = c->by;
	e.has_bytes = true;
	e.bytes_in = c->bytes_in;
	e.bytes_out = c->bytes_out;
	e.duration_ms = moment_boot_ms() - c->opened_ms;
	(void)event_emit(&e); /* it is over; there is nothing to refuse */
}

void event_denied(
	const struct connection *c, const char *reason, const char *detail)
{
	struct words w;
	struct event e = describe(EVENT_CONN_DENIED, c, &w);

	e.reason = reason;
	e.detail = detail;
	(void)event_emit(&e); /* refused already, whatever comes of it */
}

void event_turned_away(
	const struct identity *who, const char *reason, const char *detail)
{
	const struct connection c = {.who = who};

	event_denied(&c, reason, detail);
}

void event_held(const struct tally_row *row, int64_t now_ms)
{
	char detail[80];
	struct event e = {
		.id = EVENT_CONN_DENIED,
		.reason = row->reason,
		.user = or_null(row->user),
		.uid = row->uid,
		.session = or_null(row->session),
		.detail = detail,
		.count = row->held,
	};

	snprintf(detail, sizeof(detail),
		"%" PRIu64 " more like it in %" PRId64 " s", row->held,
		(now_ms - row->since_ms + 999) / 1000);
	(void)event_emit(&e);
}

void event_lost(const char *conn, const struct keyfile *record)
{
	uint64_t uid = 0, port = 0, until = 0;
	struct event e = {
		.id = EVENT_CONN_CLOSE,
		.outcome = OUTCOME_FAILURE,
		.reason = "error",
		.detail = "its process ended without a word",
		.conn = conn,
		.user = keyfile_text(record, "user"),
		.session = keyfile_text(record, "session"),
		.grant = keyfile_text(record, "grant"),
		.target = keyfile_text(record, "target"),
		.address = keyfile_text(record, "address"),
		.proto = keyfile_text(record, "proto"),
	};

	if (keyfile_number(record, "uid", &uid) == 0 && uid <= UINT32_MAX)
		e.uid = (uid_t)uid;
	if (keyfile_number(record, "port", &port) == 0 && port <= UINT16_MAX)
		e.port = (uint16_t)port;
	if (keyfile_number(record, "until", &until) == 0 && until <= INT64_MAX)
		e.window_end = (int64_t)until;
	(void)event_emit(&e);
}
