/* SPDX-License-Identifier: BSD-2-Clause */
/* The gate's questions, each judged anew, and their answers. */
#include "jumpshell/filebroker.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

/* Answers; a gate that can't be answered is the end of the session. */
static void answer(struct broker *f, const int fds[2])
{
	if (control_send(f->gate.control, &f->answer, fds) < 0)
		f->broken = true;
}

static struct control *begin_answer(struct broker *f, enum control_kind kind)
{
	memset(&f->answer, 0, sizeof(f->answer));
	f->answer.kind = (uint8_t)kind;
	return &f->answer;
}

void broker_done(struct broker *f)
{
	(void)begin_answer(f, CONTROL_DONE);
	answer(f, NULL);
}

void broker_refuse(struct broker *f, const char *text)
{
	struct control *c = begin_answer(f, CONTROL_REFUSED);

	snprintf(c->text, sizeof(c->text), "%s", text);
	answer(f, NULL);
}

bool broker_open_for_files(struct shell *s, const char *target)
{
	return access_target(&s->access, CHANNEL_BROKERED, target, PROTO_SFTP)
		.allow;
}

static void list(struct broker *f)
{
	struct access *a = &f->s->access;

	if (access_refresh(a) < 0) {
		broker_refuse(f, "Your rights could not be read.");
		return;
	}
	for (size_t i = 0; i < a->view.policy.target_count && !f->broken; i++) {
		const char *name = a->view.policy.targets[i].name;
		struct control *c;

		if (!broker_open_for_files(f->s, name))
			continue;
		c = begin_answer(f, CONTROL_TARGET);
		memcpy(c->target, name, sizeof(c->target));
		answer(f, NULL);
	}
	broker_done(f);
}

/* Files are counted for a session and target, however often it is opened. */
static struct moved *moved_of(struct broker *f, const char *target)
{
	for (size_t i = 0; i < BROKER_TARGETS_MAX; i++) {
		struct moved *m = &f->moved[i];

		if (!m->target[0])
			memcpy(m->target, target, sizeof(m->target));
		if (strcmp(m->target, target) == 0)
			return m;
	}
	return NULL;
}

static int free_link(const struct broker *f)
{
	for (int i = 0; i < CONTROL_LINKS_MAX; i++) {
		if (f->link[i].state == FILELINK_FREE)
			return i;
	}
	return -1;
}

static void open_link(struct broker *f)
{
	const struct moved *m = moved_of(f, f->asked.target);
	const struct filelink_request q = {
		.access = &f->s->access,
		.witness = &f->s->witness,
		.terminal = &f->s->terminal,
		.target = f->asked.target,
		.begun = m ? m->begun : 0,
	};
	int at = free_link(f), fds[2];
	char text[CONTROL_TEXT_SIZE];
	struct control *c;

	if (at < 0 || !m || !name_valid(f->asked.target)) {
		broker_refuse(f, at < 0 ? "Too many targets at once. Close one."
					: "That is no target.");
		return;
	}
	if (filelink_open(&f->link[at], &q, text) < 0) {
		broker_refuse(f, text);
		return;
	}
	c = begin_answer(f, CONTROL_OPENED);
	c->link = (uint8_t)at;
	c->terms = f->link[at].terms;
	fds[0] = f->link[at].link.client.out;
	fds[1] = f->link[at].link.client.in;
	answer(f, fds);
	filelink_handed_over(&f->link[at]);
}

void broker_tell_over(struct broker *f, size_t at, const char *text)
{
	struct control *c = begin_answer(f, CONTROL_OVER);

	c->link = (uint8_t)at;
	snprintf(c->text, sizeof(c->text), "%s", text);
	answer(f, NULL);
}

struct filelink *broker_link_asked(struct broker *f)
{
	struct filelink *l = f->asked.link < CONTROL_LINKS_MAX
				     ? &f->link[f->asked.link]
				     : NULL;

	return l && l->state != FILELINK_FREE ? l : NULL;
}

static bool is_change(uint8_t act)
{
	return act >= FILE_ACT_REMOVE && act <= FILE_ACT_ATTRIBUTES;
}

/* The gate has looked at this already; it is not believed alone. Of what has
 * no link it can say that it was refused, and nothing else. */
static const char *judge(struct broker *f, const struct filelink *l)
{
	const struct file_event *e = &f->asked.event;
	bool begins = e->act == FILE_ACT_BEGIN;
	uint8_t needs = begins ? e->direction : FILE_UP;

	if (e->act == FILE_ACT_DENIED)
		return NULL;
	if (!l)
		return "It is over.";
	if (!begins && !is_change(e->act))
		return NULL;
	if (l->state != FILELINK_OPEN || !moved_of(f, l->target))
		return "It is over.";
	if (!(l->terms.directions & needs))
		return reason_sentence(REASON_FILES);
	if (begins && l->terms.count_max == 0)
		return "No more files in this session.";
	return NULL;
}

static void count(struct broker *f, struct filelink *l)
{
	if (f->asked.event.act != FILE_ACT_BEGIN)
		return;
	moved_of(f, l->target)->begun++;
	l->terms.count_max--;
}

static void take_event(struct broker *f)
{
	struct filelink *l = broker_link_asked(f);
	const char *no = judge(f, l);
	static struct fileevent e;

	if (fileevent_make(&f->asked, &e) < 0) {
		f->broken = true;
		return;
	}
	if (no) {
		broker_refuse(f, no);
		return;
	}
	if (l) {
		filelink_speaks(l);
		count(f, l);
	}
	broker_write_asked(f, l, &e.event);
}

void broker_take_question(struct broker *f)
{
	int fds[2] = {-1, -1};
	struct filelink *l;

	if (control_receive(f->gate.control, &f->asked, fds) < 0) {
		f->broken = true;
		return;
	}
	switch (f->asked.kind) {
	case CONTROL_LIST:
		list(f);
		break;
	case CONTROL_OPEN:
		open_link(f);
		f->due = true;
		break;
	case CONTROL_EVENT:
		take_event(f);
		break;
	case CONTROL_CHECK:
		broker_begin_check(f, fds[0]);
		f->due = true;
		break;
	case CONTROL_CLOSE:
		l = broker_link_asked(f);
		if (l)
			filelink_close(l);
		broker_done(f);
		f->due = true;
		break;
	default:
		f->broken = true;
		break;
	}
	cleanup_close(&fds[0]);
	cleanup_close(&fds[1]);
}
