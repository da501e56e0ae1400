/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/onward.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "jumpshell/certificate.h"
#include "jumpshell/client.h"
#include "jumpshell/hostkeys.h"
#include "jumpshell/notice.h"
#include "jumpshell/pump.h"
#include "jumpshell/recorder.h"
#include "jumpshell/texts.h"

/* Audit records end at 2 KiB; the whole command is in the recording. */
#define COMMAND_IN_EVENT 400

struct link {
	const struct onward *o;
	struct decision decision;
	struct guard guard;
	struct keypair keys;
	struct client client;
	char conn[CONN_SIZE];
	char grant[ID_SIZE];
	char account[NAME_SIZE];
	char zone[NAME_SIZE];
	int record, certifier;
};

static void link_end(struct link *l)
{
	keypair_end(&l->keys);
	client_done(&l->client);
	cleanup_close(&l->record);
	cleanup_close(&l->certifier);
}

static struct event event_of(const struct link *l, enum event_id id)
{
	return (struct event){
		.id = id,
		.conn = l->conn[0] ? l->conn : NULL,
		.grant = l->grant[0] ? l->grant : NULL,
		.target = l->o->target,
		.account = l->account[0] ? l->account : NULL,
		.proto = "ssh",
	};
}

/* Said to the person, and written down as refused. */
static int refuse(struct link *l, const char *reason)
{
	struct event e = event_of(l, EVENT_CONN_DENIED);

	e.reason = reason;
	witness_refused(l->o->witness, &e);
	fprintf(stderr, "%s: %s\n", l->o->target, text_refusal(reason));
	return -EACCES;
}

static int decide(struct link *l)
{
	struct access *a = l->o->access;
	const char *not_now;

	if (access_refresh(a) < 0)
		return refuse(l, "error");
	l->decision =
		access_target(a, CHANNEL_BROKERED, l->o->target, PROTO_SSH);
	if (!l->decision.allow) {
		struct event e = event_of(l, EVENT_CONN_DENIED);

		e.reason = reason_word(l->decision.reason);
		witness_refused(l->o->witness, &e);
		text_denied(a, l->o->target, &l->decision);
		return -EACCES;
	}
	not_now = access_not_now(a);
	if (not_now)
		return refuse(l, not_now);
	/* a new generation would take what the decision points to */
	memcpy(l->grant, l->decision.grant->id, sizeof(l->grant));
	memcpy(l->account, l->decision.grant->account, sizeof(l->account));
	memcpy(l->zone, l->decision.target->zone, sizeof(l->zone));
	guard_begin(&l->guard, a, l->o->target, &l->decision);
	return conn_make(l->conn) < 0 ? refuse(l, "error") : 0;
}

/* Wakes everybody who will be needed, so that they wake at the same time. */
static int wake(struct link *l)
{
	const struct recorder_request q = {
		.conn = l->conn,
		.target = l->o->target,
		.account = l->account,
		.terminal = l->o->terminal,
		.command = l->o->command,
		.command_len = l->o->command_len,
	};

	if (l->decision.record != RECORD_NONE)
		l->record = recorder_begin(&q);
	l->certifier = certificate_connect(l->zone);
	if (keypair_begin(&l->keys) < 0)
		return refuse(l, "error");
	if (hostkeys_write(l->decision.target, l->keys.hosts) < 0)
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
	if (l->decision.record == RECORD_REQUIRED)
		return refuse(l, r == -EACCES ? answer.reason : "recorder");
	return 0;
}

/* Evidence first: the command is in the log before anything runs it. */
static int announce(struct link *l)
{
	struct event e = event_of(l, EVENT_COMMAND);
	char command[COMMAND_IN_EVENT + 1], detail[80];
	size_t len = l->o->command_len;

	if (!l->o->command)
		return 0;
	if (len > COMMAND_IN_EVENT)
		len = COMMAND_IN_EVENT;
	memcpy(command, l->o->command, len);
	command[len] = '\0';
	snprintf(detail, sizeof(detail),
		"%zu of %zu bytes; the recording has all of them", len,
		l->o->command_len);
	e.outcome = OUTCOME_SUCCESS;
	e.command = command;
	e.detail = len < l->o->command_len ? detail : NULL;
	if (witness_emit(l->o->witness, &e) < 0 &&
		!l->o->access->info.settings.audit_optional)
		return refuse(l, "audit");
	return 0;
}

static int certify(struct link *l)
{
	const struct certificate_request q = {
		.conn = l->conn,
		.target = l->o->target,
		.account = l->account,
		.public_line = l->keys.public_line,
	};
	struct ask_answer answer = {0};
	int r = keypair_ready(&l->keys);

	if (r < 0)
		return refuse(l, "error");
	if (l->certifier < 0)
		return refuse(l, "certificate");
	r = certificate_get(l->certifier, &q, l->keys.certificate, &answer);
	if (r < 0)
		return refuse(l, r == -EACCES ? answer.reason : "certificate");
	return 0;
}

static int start(struct link *l)
{
	const struct client_request q = {
		.conn = l->conn,
		.target = l->o->target,
		.account = l->account,
		.command = l->o->command,
		.terminal = l->o->terminal,
		.keys = &l->keys,
	};

	return client_start(&l->client, &q) < 0 ? refuse(l, "error") : 0;
}

static void told(const struct pump *p, const char *text)
{
	const struct link *l = p->told_to;
	struct event e = event_of(l, EVENT_WINDOW_WARNING);

	e.outcome = OUTCOME_SUCCESS;
	e.detail = text;
	(void)witness_emit(l->o->witness, &e);
}

static int pump(struct link *l)
{
	struct pump p = {
		.terminal = l->o->terminal,
		.guard = &l->guard,
		.keys = &l->keys,
		.ssh = l->client.pid,
		.to_ssh = l->client.in,
		.from_ssh = {l->client.out, l->client.err},
		.record = l->record,
		.record_required = l->decision.record == RECORD_REQUIRED,
		.told = told,
		.told_to = l,
	};
	struct pump_end end;

	if (p.terminal->is)
		(void)terminal_raw(p.terminal);
	end = pump_run(&p);
	terminal_restore(p.terminal);
	client_forget(&l->client);
	if (end.cut && end.reason) {
		struct event e = event_of(l, EVENT_SESSION_TERMINATED);

		e.outcome = OUTCOME_SUCCESS;
		e.reason = end.reason;
		e.by = "jumpshell";
		(void)witness_emit(l->o->witness, &e);
	}
	if (end.reason && p.terminal->is)
		printf("%s\r\n%s: %s.\r\n", notice_reset, l->o->target,
			text_end_reason(end.reason));
	(void)fflush(stdout);
	return end.status;
}

int onward_run(const struct onward *o)
{
	struct link l = {.o = o,
		.keys = KEYPAIR_NONE,
		.client = CLIENT_NONE,
		.record = -1,
		.certifier = -1};
	int status = ONWARD_REFUSED;

	if (decide(&l) == 0 && wake(&l) == 0 && wait_for_recorder(&l) == 0 &&
		announce(&l) == 0 && certify(&l) == 0 && start(&l) == 0)
		status = pump(&l);
	link_end(&l);
	return status;
}
