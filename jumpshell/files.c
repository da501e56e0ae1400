/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/files.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

#include "audit/tally.h"
#include "base/cleanup.h"
#include "base/moment.h"
#include "jumpshell/checker.h"
#include "jumpshell/fileevent.h"
#include "jumpshell/filegate.h"
#include "jumpshell/filelink.h"
#include "jumpshell/texts.h"

#define FAREWELL_MS   500  /* from the end of everything to the gate's */
#define DRAIN_MS      1500 /* for the links' ssh to go */
#define TARGETS_MAX   64   /* whose files are counted */
#define TALLY_ADD_MAX 1000

struct moved {
	char target[NAME_SIZE];
	uint32_t begun;
};

struct broker {
	struct shell *s;
	struct filegate gate;
	struct filelink link[CONTROL_LINKS_MAX];
	struct moved moved[TARGETS_MAX];
	struct guard guard; /* of the session as a whole */
	struct tally tally;
	struct control asked, answer; /* large, and there is one of each */
	int checker, check_link;      /* -1: nothing is being checked */
	int64_t check_ms;
	int signals;
	bool due;	  /* something says to look at everything */
	int64_t look_ms;  /* BOOTTIME of the next look */
	bool broken;	  /* the gate's end of the talk makes no sense */
	int64_t until_ms; /* 0: nothing says that the session ends */
};

static struct broker broker; /* large, and there is one in a process */

static int signals_open(void)
{
	static const int ours[] = {
		SIGCHLD, SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGPIPE};
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		sigaddset(&set, ours[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

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

static void done(struct broker *f)
{
	(void)begin_answer(f, CONTROL_DONE);
	answer(f, NULL);
}

static void refuse(struct broker *f, const char *text)
{
	struct control *c = begin_answer(f, CONTROL_REFUSED);

	snprintf(c->text, sizeof(c->text), "%s", text);
	answer(f, NULL);
}

static bool open_for_files(struct shell *s, const char *target)
{
	return access_target(&s->access, CHANNEL_BROKERED, target, PROTO_SFTP)
		.allow;
}

static void list(struct broker *f)
{
	struct access *a = &f->s->access;

	if (access_refresh(a) < 0) {
		refuse(f, "Your rights could not be read.");
		return;
	}
	for (size_t i = 0; i < a->view.policy.target_count && !f->broken; i++) {
		const char *name = a->view.policy.targets[i].name;
		struct control *c;

		if (!open_for_files(f->s, name))
			continue;
		c = begin_answer(f, CONTROL_TARGET);
		memcpy(c->target, name, sizeof(c->target));
		answer(f, NULL);
	}
	done(f);
}

/* Files are counted for a session and target, however often it is opened. */
static struct moved *moved_of(struct broker *f, const char *target)
{
	for (size_t i = 0; i < TARGETS_MAX; i++) {
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
		refuse(f, at < 0 ? "Too many targets at once. Close one."
				 : "That is no target.");
		return;
	}
	if (filelink_open(&f->link[at], &q, text) < 0) {
		refuse(f, text);
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

static struct filelink *link_asked(struct broker *f)
{
	struct filelink *l = f->asked.link < CONTROL_LINKS_MAX
				     ? &f->link[f->asked.link]
				     : NULL;

	return l && l->state != FILELINK_FREE ? l : NULL;
}

static int emit(struct broker *f, const struct filelink *l, struct event *e)
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

static bool record_line(struct broker *f, struct filelink *l)
{
	static char line[FILEEVENT_LINE_SIZE];

	return !l || filelink_record(l, line, fileevent_line(&f->asked, line));
}

/* Most programs show the status alone, "Permission denied", and not its text:
 * that stands on standard error. */
static void say_denial(const struct broker *f, const struct filelink *l)
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
		(void)emit(f, l, e);
		(void)record_line(f, l);
		say_denial(f, l);
	}
	for (uint32_t i = 0; i == 0 || (i < times && i < TALLY_ADD_MAX); i++)
		tally_add(&f->tally, &who, e->reason, tells, now_ms);
}

static void tell_held(struct broker *f, bool all)
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

/* The gate has looked at this already; it is not believed alone. */
static const char *judge(struct broker *f, const struct filelink *l)
{
	const struct file_event *e = &f->asked.event;
	struct moved *m = l ? moved_of(f, l->target) : NULL;

	if (e->act != FILE_ACT_BEGIN)
		return NULL;
	if (!l || l->state != FILELINK_OPEN || !m)
		return "It is over.";
	if (!(l->terms.directions & e->direction))
		return reason_sentence(REASON_FILES);
	if (l->terms.count_max == 0)
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

/* Evidence first: in both logs and in the recording, then it may be done. */
static void write_event(
	struct broker *f, struct filelink *l, struct fileevent *e)
{
	static char line[FILEEVENT_LINE_SIZE];
	size_t len = fileevent_line(&f->asked, line);

	if (emit(f, l, &e->event) < 0 &&
		!f->s->access.info.settings.audit_optional)
		refuse(f, text_refusal("audit"));
	else if (l && !filelink_record(l, line, len))
		refuse(f, text_end_reason("recorder"));
	else
		done(f);
}

static void write_look(
	struct broker *f, struct filelink *l, struct fileevent *e)
{
	(void)emit(f, l, &e->event);
	if (record_line(f, l))
		done(f);
	else
		refuse(f, text_end_reason("recorder"));
}

static void take_event(struct broker *f)
{
	struct filelink *l = link_asked(f);
	const char *no = judge(f, l);
	static struct fileevent e;

	if (fileevent_make(&f->asked, &e) < 0) {
		f->broken = true;
		return;
	}
	if (no) {
		refuse(f, no);
		return;
	}
	if (l)
		filelink_speaks(l);
	if (e.event.id == EVENT_FILE_DENIED) {
		write_denial(f, l, &e.event);
		done(f);
		return;
	}
	if (e.event.id == EVENT_FILE_LOOKED) {
		write_look(f, l, &e);
		return;
	}
	if (l)
		count(f, l);
	write_event(f, l, &e);
}

/* No worker has seen it, so that its event is ours. */
static void no_verdict(struct broker *f, struct filelink *l)
{
	struct event e = {.id = EVENT_FILE_CHECKED,
		.file = f->asked.event.name,
		.reason = "check",
		.detail = "the file check can't be reached"};

	(void)emit(f, l, &e);
	refuse(f, "The file could not be checked. Ask the operator of the "
		  "bastion.");
}

static void begin_check(struct broker *f, int file)
{
	struct filelink *l = link_asked(f);
	const struct checker_request q = {
		.conn = l ? l->link.conn : "",
		.target = l ? l->target : "",
		.name = f->asked.event.name,
		.file = file,
	};

	if (!l || l->state != FILELINK_OPEN || file < 0) {
		refuse(f, "It is over.");
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

static void end_check(struct broker *f)
{
	cleanup_close(&f->checker);
	f->checker = -1;
}

/* The verdict is a line of the recording too. */
static void verdict(struct broker *f, struct filelink *l, const char *text)
{
	f->asked.event.act = FILE_ACT_DENIED;
	snprintf(f->asked.text, sizeof(f->asked.text), "%s", text);
	(void)record_line(f, l);
	say_denial(f, l);
	refuse(f, text);
}

static void look_at_check(struct broker *f)
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
	end_check(f);
	if (l->state != FILELINK_OPEN) {
		refuse(f, "It is over.");
	} else if (r == 0) {
		done(f);
	} else if (r == -EACCES) {
		snprintf(text, sizeof(text),
			"Refused by the file check%s%.200s",
			a.text[0] ? ": " : ".", a.text);
		verdict(f, l, text);
	} else {
		no_verdict(f, l);
	}
}

static void take_question(struct broker *f)
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
		begin_check(f, fds[0]);
		f->due = true;
		break;
	case CONTROL_CLOSE:
		l = link_asked(f);
		if (l)
			filelink_close(l);
		done(f);
		f->due = true;
		break;
	default:
		f->broken = true;
		break;
	}
	cleanup_close(&fds[0]);
	cleanup_close(&fds[1]);
}

static void tell_over(struct broker *f, size_t at, const char *text)
{
	struct control *c = begin_answer(f, CONTROL_OVER);

	c->link = (uint8_t)at;
	snprintf(c->text, sizeof(c->text), "%s", text);
	answer(f, NULL);
}

static void look_at_links(struct broker *f)
{
	for (size_t i = 0; i < CONTROL_LINKS_MAX; i++) {
		struct filelink_end end = filelink_look(&f->link[i]);

		if (end.is)
			tell_over(f, i, end.text);
	}
}

/* The gate still has to tell what was broken off, and the client why. */
static void begin_end(struct broker *f, const char *text)
{
	if (f->until_ms)
		return;
	f->until_ms = moment_boot_ms() + FAREWELL_MS;
	filelink_say("", text);
	for (size_t i = 0; i < CONTROL_LINKS_MAX; i++) {
		if (f->link[i].state == FILELINK_OPEN)
			tell_over(f, i, text);
	}
}

static void take_signals(struct broker *f)
{
	struct signalfd_siginfo s;

	while (read(f->signals, &s, sizeof(s)) == sizeof(s)) {
		if (s.ssi_signo != SIGCHLD && s.ssi_signo != SIGPIPE)
			begin_end(f, "Your session ends.");
	}
}

/* When to look at windows and links again, if nothing happens before. */
static void plan(struct broker *f)
{
	int ms = f->until_ms ? 20 : guard_wait_ms(&f->guard);

	for (size_t i = 0; i < CONTROL_LINKS_MAX; i++) {
		int left_ms = filelink_wait_ms(&f->link[i]);

		if (left_ms < ms)
			ms = left_ms;
	}
	f->look_ms = moment_boot_ms() + ms;
	f->due = false;
}

/*
 * A question is taken only when the last one has its answer. Questions come
 * by the thousand, and a look at all windows with each would cost more than
 * the answers: they are looked at when something says so, and in time.
 */
static void wait_for_something(struct broker *f)
{
	struct pollfd p[4 + 2 * CONTROL_LINKS_MAX] = {
		{.fd = f->signals, .events = POLLIN},
		{.fd = f->s->access.inotify, .events = POLLIN},
		{.fd = f->checker, .events = POLLIN},
		{.fd = f->checker < 0 ? f->gate.control : -1, .events = POLLIN},
	};
	int64_t ms = f->look_ms - moment_boot_ms();

	for (size_t i = 0; i < CONTROL_LINKS_MAX; i++) {
		p[4 + 2 * i] =
			(struct pollfd){.fd = filelink_recorder_fd(&f->link[i]),
				.events = POLLIN};
		p[5 + 2 * i] = (struct pollfd){
			.fd = filelink_error_fd(&f->link[i]), .events = POLLIN};
	}
	if (poll(p, ARRAY_LEN(p), ms < 0 ? 0 : (int)ms) < 0)
		return;
	f->due = p[0].revents || p[1].revents || p[2].revents ||
		 moment_boot_ms() >= f->look_ms;
	for (size_t i = 0; i < CONTROL_LINKS_MAX; i++) {
		if (p[4 + 2 * i].revents && !filelink_hear(&f->link[i]))
			f->due = true;
		if (p[5 + 2 * i].revents)
			f->due = true;
	}
	if (p[3].revents)
		take_question(f);
}

/* When nothing at all is open any more, the session ends as a menu's does. */
static void look_at_session(struct broker *f)
{
	struct guard_step step = guard_look(&f->guard);
	struct event e = {.id = EVENT_SESSION_TERMINATED,
		.outcome = OUTCOME_SUCCESS,
		.by = "jumpshell",
		.reason = step.reason};

	if (!step.end || f->until_ms)
		return;
	(void)witness_emit(&f->s->witness, &e);
	begin_end(f, "Nothing is open to you any more; your session ends.");
}

static bool over(struct broker *f)
{
	return f->broken || filegate_gone(&f->gate) ||
	       (f->until_ms && moment_boot_ms() > f->until_ms);
}

static void loop(struct broker *f)
{
	while (!over(f)) {
		if (f->due) {
			take_signals(f);
			look_at_check(f);
			look_at_links(f);
			look_at_session(f);
			tell_held(f, false);
			plan(f);
		}
		wait_for_something(f);
	}
}

static bool links_there(const struct broker *f)
{
	for (size_t i = 0; i < CONTROL_LINKS_MAX; i++) {
		if (f->link[i].state != FILELINK_FREE)
			return true;
	}
	return false;
}

static void end_links(struct broker *f)
{
	int64_t end_ms = moment_boot_ms() + DRAIN_MS;

	for (size_t i = 0; i < CONTROL_LINKS_MAX; i++)
		filelink_close(&f->link[i]);
	for (;;) {
		look_at_links(f);
		if (!links_there(f) || moment_boot_ms() > end_ms)
			break;
		(void)poll(NULL, 0, 10);
	}
	for (size_t i = 0; i < CONTROL_LINKS_MAX; i++) {
		if (f->link[i].state != FILELINK_FREE)
			link_end(&f->link[i].link);
	}
}

static bool anything_open(struct shell *s)
{
	const struct policy *p = &s->access.view.policy;

	for (size_t i = 0; i < p->target_count; i++) {
		if (open_for_files(s, p->targets[i].name))
			return true;
	}
	return false;
}

static int turn_away(struct shell *s, const char *reason, const char *text)
{
	struct event e = {
		.id = EVENT_CONN_DENIED, .proto = "sftp", .reason = reason};

	witness_refused(&s->witness, &e);
	filelink_say("", text);
	return SHELL_REFUSED;
}

static int begin(struct broker *f)
{
	struct decision login = access_login(&f->s->access);

	guard_begin(&f->guard, &f->s->access, NULL, PROTO_NONE, &login);
	f->signals = signals_open();
	if (f->signals < 0)
		return f->signals;
	return filegate_start(&f->gate);
}

int files_run(struct shell *s)
{
	struct broker *f = &broker;
	const char *not_now;

	if (s->terminal.is) {
		fprintf(stderr, "That is for sftp clients. Say on your own "
				"machine: sftp BASTION\n");
		return SHELL_USAGE;
	}
	if (!anything_open(s))
		return turn_away(s, reason_word(REASON_PROTOCOL),
			"No target is open to you for files (sftp) now. 'ssh "
			"BASTION list' shows what is open.");
	not_now = access_not_now(&s->access);
	if (not_now)
		return turn_away(s, not_now, text_refusal(not_now));
	*f = (struct broker){.s = s, .checker = -1, .signals = -1, .due = true};
	if (begin(f) < 0)
		return turn_away(s, "error", text_refusal("error"));
	loop(f);
	end_check(f);
	filegate_end(&f->gate);
	end_links(f);
	tell_held(f, true);
	cleanup_close(&f->signals);
	return f->gate.status;
}
