/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/onward.h"

#include <stdio.h>

#include "jumpshell/aftermath.h"
#include "jumpshell/link.h"
#include "jumpshell/notice.h"
#include "jumpshell/pump.h"
#include "jumpshell/texts.h"
#include "telnet/verdict.h"

static void told(const struct pump *p, const char *text)
{
	const struct link *l = p->told_to;
	struct event e = link_event(l, EVENT_WINDOW_WARNING);

	e.outcome = OUTCOME_SUCCESS;
	e.detail = text;
	(void)witness_emit(l->q.witness, &e);
}

/* What jump-telnet could not write down by itself. */
static void note_verdict(const struct link *l, int status)
{
	static const char *const words[] = {
		[VERDICT_WRONG - VERDICT_FIRST] = "wrong",
		[VERDICT_ORDER - VERDICT_FIRST] = "order",
		[VERDICT_SLOW - VERDICT_FIRST] = "slow",
		[VERDICT_MUCH - VERDICT_FIRST] = "much",
		[VERDICT_TELNET - VERDICT_FIRST] = "telnet",
		[VERDICT_CREDENTIAL - VERDICT_FIRST] = "credential",
		[VERDICT_RULES - VERDICT_FIRST] = "rules",
	};
	struct event e = link_event(l, EVENT_LOGIN_BROKEN);

	if (l->q.proto != PROTO_TELNET || status < VERDICT_FIRST ||
		status > VERDICT_LAST)
		return;
	e.reason = words[status - VERDICT_FIRST];
	(void)witness_emit(l->q.witness, &e);
}

static int pump(struct link *l, struct terminal *terminal)
{
	struct pump p = {
		.terminal = terminal,
		.guard = &l->guard,
		.keys = &l->keys,
		.ssh = l->client.pid,
		.to_ssh = l->client.in,
		.from_ssh = {l->client.out, l->client.err},
		.record = l->record,
		.record_required = link_must_record(l),
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
		struct event e = link_event(l, EVENT_SESSION_TERMINATED);

		e.outcome = OUTCOME_SUCCESS;
		e.reason = end.reason;
		e.by = "jumpshell";
		(void)witness_emit(l->q.witness, &e);
	}
	if (end.reason && p.terminal->is)
		printf("%s\r\n%s: %s.\r\n", notice_reset, l->q.target,
			text_end_reason(end.reason));
	if (!end.cut && l->q.proto == PROTO_SSH)
		aftermath(l, end.status);
	(void)fflush(stdout);
	if (l->q.proto == PROTO_TELNET && end.reason)
		return ONWARD_REFUSED; /* not how the device ended it */
	note_verdict(l, end.status);
	return end.status;
}

static void say_refusal(const struct onward *o, const struct link *l)
{
	if (l->denied)
		text_denied(o->access, o->target, &l->decision);
	else
		fprintf(stderr, "%s: %s\n", o->target, text_refusal(l->reason));
}

int onward_run(const struct onward *o)
{
	const struct link_request q = {
		.access = o->access,
		.witness = o->witness,
		.terminal = o->terminal,
		.target = o->target,
		.proto = o->proto,
		.command = o->command,
		.command_len = o->command_len,
	};
	int status = ONWARD_REFUSED;
	struct link l;

	if (link_open(&l, &q) < 0)
		say_refusal(o, &l);
	else
		status = pump(&l, o->terminal);
	link_end(&l);
	return status;
}
