/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "jumpshell/certificate.h"
#include "jumpshell/legacy.h"
#include "jumpshell/recorder.h"

/* Audit records end at 2 KiB; the whole command is in the recording. */
#define COMMAND_IN_EVENT 400

void link_end(struct link *l)
{
	keypair_done(&l->keys);
	client_done(&l->client);
	cleanup_close(&l->record);
	l->record = -1;
	for (size_t i = 0; i < WAY_MAX; i++) {
		cleanup_close(&l->certifier[i]);
		l->certifier[i] = -1;
	}
}

bool link_must_record(const struct link *l)
{
	return l->decision.record == RECORD_REQUIRED;
}

struct event link_event(const struct link *l, enum event_id id)
{
	return (struct event){
		.id = id,
		.conn = l->conn[0] ? l->conn : NULL,
		.grant = l->grant[0] ? l->grant : NULL,
		.target = l->q.target,
		.account = l->account[0] ? l->account : NULL,
		.via = l->route.via[0] ? l->route.via : NULL,
		.proto = proto_name(l->q.proto),
	};
}

/* Written down as refused; the words are a worker's, or constants. */
static int refuse(struct link *l, const char *reason)
{
	struct event e = link_event(l, EVENT_CONN_DENIED);

	snprintf(l->reason_text, sizeof(l->reason_text), "%s", reason);
	l->reason = l->reason_text;
	e.reason = l->reason;
	witness_refused(l->q.witness, &e);
	return -EACCES;
}

/* Telnet knows neither keys nor certificates, nor any cryptography. */
static bool has_keys(const struct link *l)
{
	return l->q.proto != PROTO_TELNET;
}

/* How to get there, and by what: the same for a terminal and for files. */
static int find_way(struct link *l)
{
	struct access *a = l->q.access;
	const struct event like = link_event(l, EVENT_CONN_LEGACY);
	const struct legacy_request q = {
		.route = &l->route,
		.witness = l->q.witness,
		.like = &like,
		.now = access_now_ms(a) / 1000,
		.audit_optional = a->info.settings.audit_optional,
	};
	const char *reason;

	if (route_find(&a->view.policy, &l->decision, &l->route) < 0)
		return refuse(l, "via");
	reason = has_keys(l) ? legacy_check(&q) : NULL;
	return reason ? refuse(l, reason) : 0;
}

static int decide(struct link *l)
{
	struct access *a = l->q.access;
	const char *not_now;

	if (access_refresh(a) < 0)
		return refuse(l, "error");
	l->decision =
		access_target(a, CHANNEL_BROKERED, l->q.target, l->q.proto);
	if (!l->decision.allow) {
		l->denied = true;
		return refuse(l, reason_word(l->decision.reason));
	}
	not_now = access_not_now(a);
	if (not_now)
		return refuse(l, not_now);
	/* a new generation would take what the decision points to */
	memcpy(l->grant, l->decision.grant->id, sizeof(l->grant));
	memcpy(l->account, l->decision.grant->account, sizeof(l->account));
	guard_begin(&l->guard, a, l->q.target, l->q.proto, &l->decision);
	return conn_make(l->conn) < 0 ? refuse(l, "error") : find_way(l);
}

/* Wakes everybody who will be needed, so that they wake at the same time. */
static int wake(struct link *l)
{
	const struct recorder_request q = {
		.conn = l->conn,
		.target = l->q.target,
		.account = l->account,
		.proto = l->q.proto,
		.terminal = l->q.terminal,
		.command = l->q.command,
		.command_len = l->q.command_len,
	};

	if (l->decision.record != RECORD_NONE)
		l->record = recorder_begin(&q);
	if (!has_keys(l))
		return 0;
	for (size_t i = 0; i < l->route.count; i++) {
		const struct hop *h = &l->route.hop[i];

		if (h->credential == CREDENTIAL_CERTIFICATE)
			l->certifier[i] = certificate_connect(h->zone);
	}
	if (keypair_begin(&l->keys, l->route.count) < 0)
		return refuse(l, "error");
	if (route_hostkeys(&l->q.access->view.policy, &l->route,
		    l->keys.hosts) < 0)
		return refuse(l, "hostkey");
	return 0;
}

static int wait_for_recorder(struct link *l)
{
	struct ask_answer answer = {0};
	int r;

	if (l->decision.record == RECORD_NONE)
		return 0;
	r = l->record < 0 ? l->record : recorder_ready(l->record, &answer);
	if (r == 0)
		return 0;
	cleanup_close(&l->record);
	l->record = -1;
	if (link_must_record(l))
		return refuse(l, r == -EACCES ? answer.reason : "recorder");
	return 0;
}

/* Evidence first: the command is in the log before anything runs it. */
static int announce(struct link *l)
{
	struct event e = link_event(l, EVENT_COMMAND);
	char command[COMMAND_IN_EVENT + 1], detail[80];
	size_t len = l->q.command_len;

	if (!l->q.command)
		return 0;
	if (len > COMMAND_IN_EVENT)
		len = COMMAND_IN_EVENT;
	memcpy(command, l->q.command, len);
	command[len] = '\0';
	snprintf(detail, sizeof(detail),
		"%zu of %zu bytes; the recording has all of them", len,
		l->q.command_len);
	e.outcome = OUTCOME_SUCCESS;
	e.command = command;
	e.detail = len < l->q.command_len ? detail : NULL;
	if (witness_emit(l->q.witness, &e) < 0 &&
		!l->q.access->info.settings.audit_optional)
		return refuse(l, "audit");
	return 0;
}

static int certify_hop(struct link *l, size_t at)
{
	const struct hop *h = &l->route.hop[at];
	const struct certificate_request q = {
		.conn = l->conn,
		.target = l->q.target,
		.hop = at + 1 < l->route.count ? h->name : NULL,
		.account = h->account,
		.proto = l->q.proto,
		.public_line = l->keys.public_line,
	};
	struct ask_answer answer = {0};
	int r;

	if (h->credential != CREDENTIAL_CERTIFICATE)
		return 0;
	if (l->certifier[at] < 0)
		return refuse(l, "certificate");
	r = certificate_get(l->certifier[at], &q, l->keys.hop[at].certificate,
		&answer);
	if (r < 0)
		return refuse(l, r == -EACCES ? answer.reason : "certificate");
	return 0;
}

static int certify(struct link *l)
{
	if (!has_keys(l))
		return 0;
	if (keypair_ready(&l->keys) < 0)
		return refuse(l, "error");
	for (size_t i = 0; i < l->route.count; i++) {
		int r = certify_hop(l, i);

		if (r < 0)
			return r;
	}
	return 0;
}

static int start(struct link *l)
{
	const struct client_request q = {
		.conn = l->conn,
		.target = l->q.target,
		.proto = l->q.proto,
		.command = l->q.command,
		.terminal = l->q.terminal,
		.route = &l->route,
		.keys = &l->keys,
	};

	return client_start(&l->client, &q) < 0 ? refuse(l, "error") : 0;
}

int link_open(struct link *l, const struct link_request *q)
{
	int r;

	*l = (struct link){.q = *q,
		.keys = keypair_none,
		.client = CLIENT_NONE,
		.record = -1,
		.certifier = {-1, -1, -1, -1}};
	r = decide(l);
	if (r == 0)
		r = wake(l);
	if (r == 0)
		r = wait_for_recorder(l);
	if (r == 0)
		r = announce(l);
	if (r == 0)
		r = certify(l);
	if (r == 0)
		r = start(l);
	return r;
}
