/* SPDX-License-Identifier: BSD-2-Clause */
/* A file is judged before it is let through; the gate waits for it. */
#include "jumpshell/filebroker.h"

#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/moment.h"
#include "jumpshell/checker.h"

/* No worker has seen it, so that its event is ours. */
static void no_verdict(struct broker *f, struct filelink *l)
{
	struct event e = {.id = EVENT_FILE_CHECKED,
		.file = f->asked.event.name,
		.reason = "check",
		.detail = "the file check can't be reached"};

	(void)broker_emit(f, l, &e);
	broker_refuse(f,
		"The file could not be checked. Ask the operator of the "
		"bastion.");
}

void broker_begin_check(struct broker *f, int file)
{
	struct filelink *l = broker_link_asked(f);
	const struct checker_request q = {
		.conn = l ? l->link.conn : "",
		.target = l ? l->target : "",
		.name = f->asked.event.name,
		.file = file,
	};

	if (!l || l->state != FILELINK_OPEN || file < 0) {
		broker_refuse(f, "It is over.");
		return;
	}
	f->checker = checker_begin(&q);
	if (f->checker < 0) {
		no_verdict(f, l);
		return;
	}
	f->check_link = f->asked.link;
	f->check_ms = moment_boot_ms() + CHECKER_WAIT_MS;
}

void broker_end_check(struct broker *f)
{
	cleanup_close(&f->checker);
	f->checker = -1;
}

/* The verdict is a line of the recording too. */
static void verdict(struct broker *f, struct filelink *l, const char *text)
{
	f->asked.event.act = FILE_ACT_DENIED;
	snprintf(f->asked.text, sizeof(f->asked.text), "%s", text);
	(void)broker_record_asked(f, l);
	broker_say_asked(f, l);
	broker_refuse(f, text);
}

void broker_look_at_check(struct broker *f)
{
	struct filelink *l;
	struct ask_answer a = {0};
	char text[CONTROL_TEXT_SIZE];
	int r;

	if (f->checker < 0)
		return;
	l = &f->link[f->check_link];
	r = checker_answer(f->checker, &a);
	if (r == -EAGAIN && moment_boot_ms() < f->check_ms &&
		l->state == FILELINK_OPEN)
		return;
	broker_end_check(f);
	if (l->state != FILELINK_OPEN) {
		broker_refuse(f, "It is over.");
	} else if (r == 0) {
		broker_done(f);
	} else if (r == -EACCES) {
		snprintf(text, sizeof(text),
			"Refused by the file check%s%.200s",
			a.text[0] ? ": " : ".", a.text);
		verdict(f, l, text);
	} else {
		no_verdict(f, l);
	}
}
