/* SPDX-License-Identifier: BSD-2-Clause */
/* What happened to files, written down before it goes on. */
#include "jumpshell/filebroker.h"

#include <stdio.h>
#include <string.h>

#include "base/moment.h"
#include "jumpshell/texts.h"

#define TALLY_ADD_MAX 1000

int broker_emit(struct broker *f, const struct filelink *l, struct event *e)
{
	struct event of = {.proto = proto_name(PROTO_SFTP)};

	if (l)
		of = link_event(&l->link, e->id);
	else if (f->asked.target[0])
		of.target = f->asked.target;
	e->conn = of.conn;
	e->grant = of.grant;
	e->target = of.target;
	e->account = of.account;
	e->proto = of.proto;
	return witness_emit(&f->s->witness, e);
}

bool broker_record_asked(struct broker *f, struct filelink *l)
{
	static char line[FILEEVENT_LINE_SIZE];

	return !l || filelink_record(l, line, fileevent_line(&f->asked, line));
}

/* Some programs show the status alone and not its text. That is on standard
 * error too, which sshd passes on of a command and drops of a subsystem. */
void broker_say_asked(const struct broker *f, const struct filelink *l)
{
	char text[CONTROL_TEXT_SIZE + NAME_SIZE + 200], name[160];
	const char *path = f->asked.event.name, *why = f->asked.text;
	const char *target = l ? l->target : f->asked.target;
	size_t len = strlen(target);

	if (len > 0 && strncmp(why, target, len) == 0 &&
		strncmp(why + len, ": ", 2) == 0)
		why += len + 2;
	(void)fileevent_escape(path, strlen(path), name, sizeof(name));
	snprintf(text, sizeof(text), "%s%s%s%s%s", len ? "/" : "", target, name,
		why[0] ? ": " : "", why);
	filelink_say("", text);
}

/* Refusals: the first ones of a minute one by one, the rest by a count. */
static void write_denial(struct broker *f, struct filelink *l, struct event *e)
{
	const struct tally_who who = {.uid = f->s->witness.uid,
		.user = f->s->witness.user,
		.session = f->s->witness.session};
	int64_t now_ms = moment_boot_ms();
	uint32_t times = f->asked.event.times;
	bool tells = tally_tells(&f->tally, who.uid, e->reason, now_ms);

	if (tells) {
		(void)broker_emit(f, l, e);
		(void)broker_record_asked(f, l);
		broker_say_asked(f, l);
	}
	for (uint32_t i = 0; i == 0 || (i < times && i < TALLY_ADD_MAX); i++)
		tally_add(&f->tally, &who, e->reason, tells, now_ms);
}

void broker_tell_held(struct broker *f, bool all)
{
	struct tally_row row;

	while (tally_take(&f->tally, all, moment_boot_ms(), &row)) {
		struct event e = {.id = EVENT_FILE_DENIED,
			.proto = "sftp",
			.reason = row.reason,
			.count = row.held};

		(void)witness_emit(&f->s->witness, &e);
	}
}

/* Evidence first: in both logs and in the recording, then it may be done. */
void broker_write_asked(struct broker *f, struct filelink *l, struct event *e)
{
	bool must = e->id != EVENT_FILE_LOOKED &&
		    !f->s->access.info.settings.audit_optional;

	if (e->id == EVENT_FILE_DENIED) {
		write_denial(f, l, e);
		broker_done(f);
	} else if (broker_emit(f, l, e) < 0 && must) {
		broker_refuse(f, text_refusal("audit"));
	} else if (!broker_record_asked(f, l)) {
		broker_refuse(f, text_end_reason("recorder"));
	} else {
		broker_done(f);
	}
}
