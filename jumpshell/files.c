/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/files.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

#include "base/cleanup.h"
#include "base/moment.h"
#include "jumpshell/filebroker.h"
#include "jumpshell/filerefusal.h"
#include "jumpshell/texts.h"

#define FAREWELL_MS 500	 /* from the end of everything to the gate's */
#define DRAIN_MS    1500 /* for the links' ssh to go */

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

static void look_at_links(struct broker *f)
{
	for (size_t i = 0; i < CONTROL_LINKS_MAX; i++) {
		struct filelink_end end = filelink_look(&f->link[i]);

		if (end.is)
			broker_tell_over(f, i, end.text);
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
			broker_tell_over(f, i, text);
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
		broker_take_question(f);
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
			broker_look_at_check(f);
			look_at_links(f);
			look_at_session(f);
			broker_tell_held(f, false);
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
		if (broker_open_for_files(s, p->targets[i].name))
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
	filerefusal_say(STDIN_FILENO, STDOUT_FILENO, text);
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
	broker_end_check(f);
	filegate_end(&f->gate);
	end_links(f);
	broker_tell_held(f, true);
	cleanup_close(&f->signals);
	return f->gate.status;
}
