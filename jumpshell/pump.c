/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/moment.h"
#include "jumpshell/flow.h"
#include "jumpshell/input.h"

#define TERM_WAIT_MS	 300	/* from SIGTERM to SIGKILL */
#define SHOW_WAIT_MS	 700	/* for a person who does not read */
#define DRAIN_WAIT_MS	 2000	/* for output after ssh's end */
#define FAREWELL_WAIT_MS 2000	/* for the recorder's last answer */
#define KEYS_MAX_MS	 120000 /* an old target's login may take long */
#define KEYS_AFTER_MS	 2000	/* after the first output */
#define QUIET_MS	 1500

struct run {
	struct pump *p;
	struct flow flow;
	struct pump_end end;
	int signals;
	bool exited, freed;
	bool recorder_lost;
	int64_t exited_ms, cut_ms, killed_ms, keys_ms, busy_ms;
};

static struct input input; /* large, and there is one at a time */

static int signals_open(sigset_t *ret_before)
{
	static const int ours[] = {SIGCHLD, SIGWINCH, SIGTERM, SIGHUP, SIGINT,
		SIGQUIT, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU};
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		sigaddset(&set, ours[i]);
	if (sigprocmask(SIG_BLOCK, &set, ret_before) < 0)
		return -errno;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

/* 0, 1 and 2 without waiting, and as they were afterwards. */
static void set_flags(const int *before, int *ret_before)
{
	for (int fd = 0; fd <= 2; fd++) {
		int flags = fcntl(fd, F_GETFL);

		if (ret_before)
			ret_before[fd] = flags;
		(void)fcntl(
			fd, F_SETFL, before ? before[fd] : flags | O_NONBLOCK);
	}
}

static void begin_end(struct run *r, const char *reason, bool cut)
{
	if (r->cut_ms)
		return;
	r->cut_ms = moment_boot_ms();
	r->end.reason = reason;
	r->end.cut = cut;
	if (!r->exited)
		(void)kill(r->p->ssh, SIGTERM);
}

static void on_child(struct run *r)
{
	int status;

	if (r->exited || waitpid(r->p->ssh, &status, WNOHANG) != r->p->ssh)
		return;
	r->exited = true;
	r->exited_ms = moment_boot_ms();
	r->end.status =
		WIFEXITED(status) ? WEXITSTATUS(status) : PUMP_STATUS_NONE;
}

static void on_resize(struct run *r)
{
	char size[24];
	struct terminal *t = r->p->terminal;

	if (!t->is)
		return;
	terminal_size(t);
	terminal_resize_pair(t, input.to);
	snprintf(size, sizeof(size), "%ux%u", t->cols, t->rows);
	if (r->flow.record >= 0)
		(void)recorder_send(
			r->flow.record, 'r', size, strlen(size), true);
}

static void on_signals(struct run *r)
{
	struct signalfd_siginfo s;

	while (read(r->signals, &s, sizeof(s)) == sizeof(s)) {
		switch (s.ssi_signo) {
		case SIGCHLD:
			on_child(r);
			break;
		case SIGWINCH:
			on_resize(r);
			break;
		case SIGTERM:
		case SIGHUP:
		case SIGINT:
		case SIGQUIT:
			begin_end(r, NULL, false);
			break;
		default:
			break;
		}
	}
}

/* Tells the person, as far as there is a place for it. */
static void tell(struct run *r, const char *text)
{
	if (!text[0])
		return;
	if (r->flow.record >= 0)
		(void)recorder_send(
			r->flow.record, 'm', text, strlen(text), false);
	if (r->p->terminal->is)
		flow_note(&r->flow, text, r->p->terminal->cols);
	if (r->p->told)
		r->p->told(r->p, text);
}

static void look_at_window(struct run *r)
{
	struct guard_step step = guard_look(r->p->guard);

	tell(r, step.text);
	if (step.end)
		begin_end(r, step.reason, true);
}

static void move_output(struct run *r)
{
	struct ask_answer answer;
	int e;

	if (flow_read(&r->flow)) {
		r->busy_ms = moment_boot_ms();
		r->freed = false;
		if (r->keys_ms > r->busy_ms + KEYS_AFTER_MS)
			r->keys_ms = r->busy_ms + KEYS_AFTER_MS;
	}
	e = flow_record(&r->flow, &answer);
	if (e == '!') {
		tell(r, answer.text);
		begin_end(r, "disk", true);
	} else if (e < 0) {
		if (r->p->record_required) {
			r->recorder_lost = true;
			begin_end(r, "recorder", true);
		} else {
			flow_forget_recorder(&r->flow);
		}
	}
	if (flow_show(&r->flow) < 0)
		begin_end(r, NULL, false);
}

static void move_input(struct run *r)
{
	if (r->cut_ms || r->exited)
		return;
	input_step(&input, !r->p->terminal->is);
	/* a terminal that ends has hung up */
	if (r->p->terminal->is && input.from < 0)
		begin_end(r, NULL, false);
}

static int wait_ms(struct run *r, int64_t now_ms)
{
	int ms = guard_wait_ms(r->p->guard);

	if (r->cut_ms || r->exited || r->flow.note_len > 0)
		return ms < 50 ? ms : 50;
	if (r->keys_ms && r->keys_ms - now_ms < ms)
		ms = r->keys_ms < now_ms ? 0 : (int)(r->keys_ms - now_ms);
	return ms;
}

static void wait_for_something(struct run *r)
{
	struct flow_wish w = flow_wish(&r->flow);
	bool in = !r->cut_ms && !r->exited;
	struct pollfd p[] = {
		{.fd = r->signals, .events = POLLIN},
		{.fd = r->p->guard->access->inotify, .events = POLLIN},
		{.fd = r->recorder_lost ? -1 : r->flow.record,
			.events = w.record},
		{.fd = w.from[0] ? r->flow.from[0] : -1, .events = POLLIN},
		{.fd = w.from[1] ? r->flow.from[1] : -1, .events = POLLIN},
		{.fd = w.to[0] ? r->flow.to[0] : -1, .events = POLLOUT},
		{.fd = w.to[1] ? r->flow.to[1] : -1, .events = POLLOUT},
		{.fd = in && input_wish_from(&input) ? input.from : -1,
			.events = POLLIN},
		{.fd = in && input_wish_to(&input) ? input.to : -1,
			.events = POLLOUT},
	};

	(void)poll(p, ARRAY_LEN(p), wait_ms(r, moment_boot_ms()));
}

static void tidy(struct run *r, int64_t now_ms)
{
	if (r->keys_ms && now_ms >= r->keys_ms) {
		keypair_end(r->p->keys);
		r->keys_ms = 0;
	}
	if (!r->freed && now_ms - r->busy_ms > QUIET_MS) {
		flow_rest(&r->flow);
		r->freed = true;
	}
	if (r->cut_ms && !r->exited && !r->killed_ms &&
		now_ms - r->cut_ms > TERM_WAIT_MS) {
		(void)kill(r->p->ssh, SIGKILL);
		r->killed_ms = now_ms;
	}
}

static bool over(const struct run *r, int64_t now_ms)
{
	if (!r->exited)
		return false;
	if (flow_done(&r->flow))
		return true;
	if (r->recorder_lost)
		return true;
	if (r->cut_ms)
		return now_ms - r->cut_ms > SHOW_WAIT_MS &&
		       now_ms - r->exited_ms > TERM_WAIT_MS;
	/* something else holds ssh's pipes open */
	return window_empty(&r->flow.window) &&
	       now_ms - r->exited_ms > DRAIN_WAIT_MS;
}

/* What the recording still has to know; its answer ends it. */
static void farewell(struct run *r)
{
	char text[INPUTSUM_TEXT_SIZE];
	struct ask_answer answer;
	int64_t end_ms = moment_boot_ms() + FAREWELL_WAIT_MS;
	int e;

	if (r->flow.record < 0 || r->recorder_lost)
		return;
	if (!r->p->terminal->is) {
		inputsum_text(&input.sum, text);
		(void)recorder_send(
			r->flow.record, 'h', text, strlen(text), true);
	}
	snprintf(text, sizeof(text), "%d", r->end.status);
	if (recorder_send(r->flow.record, 'x', text, strlen(text), true) < 0)
		return;
	/* it closes after its last answer */
	do {
		e = ask_wait(r->flow.record, (int)(end_ms - moment_boot_ms()));
		if (e == 0)
			e = recorder_hear(r->flow.record, &answer);
	} while (e == '.' && window_ack(&r->flow.window) == 0);
}

static void loop(struct run *r)
{
	int64_t now_ms = moment_boot_ms();

	while (!over(r, now_ms)) {
		look_at_window(r);
		wait_for_something(r);
		on_signals(r);
		move_output(r);
		move_input(r);
		now_ms = moment_boot_ms();
		tidy(r, now_ms);
	}
}

struct pump_end pump_run(struct pump *p)
{
	struct run r = {.p = p, .end = {.status = PUMP_STATUS_NONE}};
	int flags[3];
	sigset_t before;

	r.signals = signals_open(&before);
	if (r.signals < 0) {
		(void)kill(p->ssh, SIGKILL);
		(void)waitpid(p->ssh, NULL, 0);
		cleanup_close(&p->to_ssh);
		cleanup_close(&p->from_ssh[0]);
		cleanup_close(&p->from_ssh[1]);
		return r.end;
	}
	r.busy_ms = moment_boot_ms();
	r.keys_ms = r.busy_ms + KEYS_MAX_MS;
	flow_begin(&r.flow, p->from_ssh, p->record, p->terminal->is);
	input_begin(&input, 0, p->to_ssh);
	set_flags(NULL, flags);
	on_child(&r); /* it may have ended before the signal was ours */
	loop(&r);
	farewell(&r);
	input_end(&input);
	flow_end(&r.flow);
	set_flags(flags, NULL);
	close(r.signals);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	if (r.end.cut)
		r.end.status = PUMP_STATUS_NONE;
	else if (p->guard->cut_boot_ms)
		r.end.reason = p->guard->cut_reason;
	return r.end;
}
