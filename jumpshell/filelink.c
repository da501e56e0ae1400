/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/filelink.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/moment.h"
#include "jumpshell/aftermath.h"
#include "jumpshell/fileevent.h"
#include "jumpshell/fileterms.h"
#include "jumpshell/recorder.h"
#include "jumpshell/texts.h"

#define RECORD_WAIT_MS	 5000	/* for a line to be in the file */
#define FAREWELL_WAIT_MS 2000	/* for the recorder's last answer */
#define LEAVE_WAIT_MS	 1000	/* for ssh to end by itself */
#define TERM_WAIT_MS	 300	/* from SIGTERM to SIGKILL */
#define KEYS_MAX_MS	 120000 /* an old target's login may take long */
#define KEYS_AFTER_MS	 10000	/* after the gate's first word of it */
#define ERR_LINES_MAX	 64	/* of ssh that the client is shown */
#define SOON_MS		 20

void filelink_say(const char *target, const char *text)
{
	struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};
	char line[NAME_SIZE + 4 * FILELINK_ERR_SIZE + 8];
	int n = snprintf(line, sizeof(line), "%s%s%s\r\n", target,
		target[0] ? ": " : "", text);

	/* a pipe that can be written to takes this much at once */
	if (n <= 0 || (size_t)n >= sizeof(line) || poll(&p, 1, 0) != 1 ||
		!(p.revents & POLLOUT))
		return;
	(void)!write(STDERR_FILENO, line, (size_t)n);
}

static void refusal_text(const struct link *l, char *ret)
{
	snprintf(ret, CONTROL_TEXT_SIZE, "%s: %s", l->q.target,
		l->denied ? reason_sentence(l->decision.reason)
			  : text_refusal(l->reason));
}

int filelink_open(struct filelink *l, const struct filelink_request *q,
	char ret_text[CONTROL_TEXT_SIZE])
{
	struct link_request link = {
		.access = q->access,
		.witness = q->witness,
		.terminal = q->terminal,
		.target = l->target,
		.proto = PROTO_SFTP,
	};
	int r;

	memset(l, 0, sizeof(*l));
	snprintf(l->target, sizeof(l->target), "%s", q->target);
	r = link_open(&l->link, &link);
	if (r == 0) {
		fileterms_of(&l->link.decision, q->begun, &l->terms);
		memcpy(l->generation, q->access->generation,
			sizeof(l->generation));
		l->keys_ms = moment_boot_ms() + KEYS_MAX_MS;
		l->state = FILELINK_OPEN;
		return 0;
	}
	refusal_text(&l->link, ret_text);
	link_end(&l->link);
	return r;
}

void filelink_handed_over(struct filelink *l)
{
	cleanup_close(&l->link.client.in);
	cleanup_close(&l->link.client.out);
	l->link.client.in = l->link.client.out = -1;
}

void filelink_speaks(struct filelink *l)
{
	int64_t until_ms = moment_boot_ms() + KEYS_AFTER_MS;

	if (l->keys_ms > until_ms)
		l->keys_ms = until_ms;
}

int filelink_recorder_fd(const struct filelink *l)
{
	return l->state == FILELINK_FREE || l->recorder_lost ? -1
							     : l->link.record;
}

int filelink_error_fd(const struct filelink *l)
{
	return l->state == FILELINK_FREE ? -1 : l->link.client.err;
}

static void lose_recorder(struct filelink *l)
{
	cleanup_close(&l->link.record);
	l->link.record = -1;
	l->recorder_lost = true;
}

/* What it has answered by now. 0, '!' with words, or -errno. */
static int hear(struct filelink *l, struct ask_answer *ret_answer)
{
	for (;;) {
		int r = recorder_hear(l->link.record, ret_answer);

		if (r == -EAGAIN)
			return 0;
		if (r != '.')
			return r;
		if (l->unanswered == 0)
			return -EBADMSG;
		l->unanswered--;
	}
}

/* What waits goes out as one piece. It waits for the answer to the last one,
 * so that a burst of lines wakes the recorder once and not for each. */
static int send_lines(struct filelink *l)
{
	int r;

	if (l->lines_len == 0 || l->unanswered > 0)
		return 0;
	r = recorder_send(l->link.record, 'o', l->lines, l->lines_len, false);
	if (r == -EAGAIN)
		return 0;
	l->unanswered += r == 0;
	l->lines_len = 0;
	return r;
}

/* Until what waits is in the file: there is no room for more. */
static int drain(struct filelink *l)
{
	int64_t end_ms = moment_boot_ms() + RECORD_WAIT_MS;
	struct ask_answer answer;
	int r = 0;

	while (r == 0 && (l->unanswered > 0 || l->lines_len > 0)) {
		int64_t left_ms = end_ms - moment_boot_ms();

		r = send_lines(l);
		if (r == 0)
			r = ask_wait(
				l->link.record, left_ms < 0 ? 0 : (int)left_ms);
		if (r == 0)
			r = hear(l, &answer);
	}
	return r == '!' ? -ENOSPC : r;
}

static int record(struct filelink *l, const char *line, size_t len)
{
	int r = 0;

	if (len > sizeof(l->lines) - l->lines_len)
		r = drain(l);
	if (r < 0)
		return r;
	memcpy(l->lines + l->lines_len, line, len);
	l->lines_len += len;
	return send_lines(l);
}

bool filelink_record(struct filelink *l, const char *line, size_t len)
{
	if (l->link.record < 0)
		return !l->recorder_lost || !link_must_record(&l->link);
	if (record(l, line, len) == 0)
		return true;
	lose_recorder(l);
	return !link_must_record(&l->link);
}

bool filelink_hear(struct filelink *l)
{
	struct ask_answer answer;
	int r = hear(l, &answer);

	if (r == 0)
		r = send_lines(l);
	if (r == 0)
		return true;
	if (r == '!') {
		snprintf(l->recorder_said, sizeof(l->recorder_said), "%s",
			answer.text);
		return false;
	}
	lose_recorder(l);
	return false;
}

/* Made harmless: it may be a target's. */
static void show_error(struct filelink *l)
{
	char text[4 * FILELINK_ERR_SIZE];
	size_t len = fileevent_escape(l->err, l->err_len, text, sizeof(text));

	l->err_len = 0;
	if (len == 0 || l->err_lines++ >= ERR_LINES_MAX)
		return;
	filelink_say(l->target, text);
	if (l->link.record >= 0) {
		(void)filelink_record(l, text, len);
		(void)filelink_record(l, "\r\n", 2);
	}
}

static void take_error(struct filelink *l, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\r')
			continue;
		if (bytes[i] == '\n' || l->err_len == sizeof(l->err))
			show_error(l);
		if (bytes[i] != '\n')
			l->err[l->err_len++] = bytes[i];
	}
}

static void read_error(struct filelink *l)
{
	char bytes[4096];
	ssize_t n;

	if (l->link.client.err < 0)
		return;
	n = read(l->link.client.err, bytes, sizeof(bytes));
	if (n > 0)
		take_error(l, bytes, (size_t)n);
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	show_error(l);
	cleanup_close(&l->link.client.err);
	l->link.client.err = -1;
}

static void wait_for_ssh(struct filelink *l)
{
	int status;

	if (l->exited || l->link.client.pid <= 0 ||
		waitpid(l->link.client.pid, &status, WNOHANG) !=
			l->link.client.pid)
		return;
	l->exited = true;
	l->link.client.pid = 0;
	l->status = WIFEXITED(status) ? WEXITSTATUS(status) : 255;
	aftermath(&l->link, l->status);
}

/* What the recording still has to know; its last answer ends it. */
static void farewell(struct filelink *l)
{
	int64_t end_ms = moment_boot_ms() + FAREWELL_WAIT_MS;
	struct ask_answer answer;
	char text[16];
	int r = 0;

	if (l->link.record < 0)
		return;
	(void)drain(l);
	snprintf(text, sizeof(text), "%d", l->status);
	l->unanswered++;
	if (recorder_send(l->link.record, 'x', text, strlen(text), true) < 0)
		r = -EPIPE;
	while (r == 0) {
		int64_t left_ms = end_ms - moment_boot_ms();

		r = ask_wait(l->link.record, left_ms < 0 ? 0 : (int)left_ms);
		if (r == 0)
			r = hear(l, &answer);
	}
	cleanup_close(&l->link.record);
	l->link.record = -1;
}

static void finish(struct filelink *l)
{
	read_error(l);
	farewell(l);
	link_end(&l->link);
	l->state = FILELINK_FREE;
}

static void leave(struct filelink *l, bool now)
{
	if (l->exited)
		return;
	if (l->left_ms == 0)
		l->left_ms = moment_boot_ms() + (now ? 0 : LEAVE_WAIT_MS);
}

/* ssh that does not go is made to go. */
static void push(struct filelink *l, int64_t now_ms)
{
	if (l->exited || l->left_ms == 0 || now_ms < l->left_ms)
		return;
	if (l->killed_ms == 0) {
		(void)kill(l->link.client.pid, SIGTERM);
		l->killed_ms = now_ms + TERM_WAIT_MS;
	} else if (now_ms >= l->killed_ms) {
		(void)kill(l->link.client.pid, SIGKILL);
	}
}

void filelink_close(struct filelink *l)
{
	if (l->state == FILELINK_FREE)
		return;
	l->state = FILELINK_CLOSED;
	leave(l, false);
}

/* A line for the recording, and for people where it is one for them. */
static void tell(struct filelink *l, const char *text)
{
	struct event e = link_event(&l->link, EVENT_WINDOW_WARNING);

	if (l->link.record >= 0)
		(void)recorder_send(
			l->link.record, 'm', text, strlen(text), false);
	filelink_say("", text);
	e.outcome = OUTCOME_SUCCESS;
	e.detail = text;
	(void)witness_emit(l->link.q.witness, &e);
}

/* by us: nobody else has written down that it was ended. */
static struct filelink_end end(struct filelink *l, const char *reason, bool us)
{
	struct filelink_end ret = {.is = true};

	if (us) {
		struct event e = link_event(&l->link, EVENT_SESSION_TERMINATED);

		e.outcome = OUTCOME_SUCCESS;
		e.reason = reason;
		e.by = "jumpshell";
		(void)witness_emit(l->link.q.witness, &e);
	}
	snprintf(ret.text, sizeof(ret.text), "%s: %s.", l->target,
		reason ? text_end_reason(reason) : "the target ended it");
	filelink_say("", ret.text);
	l->state = FILELINK_OVER;
	leave(l, true);
	return ret;
}

/* Published anew: may it still carry what it was told it may? */
static bool narrowed(struct filelink *l)
{
	struct access *a = l->link.q.access;
	struct file_terms now = {0};
	struct decision d;

	if (strcmp(l->generation, a->generation) == 0)
		return false;
	memcpy(l->generation, a->generation, sizeof(l->generation));
	d = access_target(a, CHANNEL_BROKERED, l->target, PROTO_SFTP);
	if (!d.allow) /* the guard's; there may be a grace */
		return false;
	fileterms_of(&d, 0, &now);
	return fileterms_narrower(&now, &l->terms);
}

static const char *recorder_failed(struct filelink *l)
{
	if (l->recorder_said[0]) {
		tell(l, l->recorder_said);
		return "disk";
	}
	return l->recorder_lost && link_must_record(&l->link) ? "recorder"
							      : NULL;
}

static struct filelink_end look_at_open(struct filelink *l)
{
	struct guard_step step = guard_look(&l->link.guard);
	const char *reason = recorder_failed(l);

	if (step.text[0])
		tell(l, step.text);
	if (l->exited)
		return end(l,
			l->link.guard.cut_boot_ms ? l->link.guard.cut_reason
						  : NULL,
			false);
	if (step.end)
		return end(l, step.reason, true);
	if (reason)
		return end(l, reason, true);
	if (narrowed(l))
		return end(l, "narrowed", true);
	return (struct filelink_end){0};
}

struct filelink_end filelink_look(struct filelink *l)
{
	int64_t now_ms = moment_boot_ms();
	struct filelink_end ret = {0};

	if (l->state == FILELINK_FREE)
		return ret;
	read_error(l);
	wait_for_ssh(l);
	if (l->state == FILELINK_OPEN)
		ret = look_at_open(l);
	if (l->keys_ms && now_ms >= l->keys_ms) {
		keypair_end(&l->link.keys);
		l->keys_ms = 0;
	}
	push(l, now_ms);
	if (l->state == FILELINK_CLOSED && l->exited)
		finish(l);
	return ret;
}

int filelink_wait_ms(const struct filelink *l)
{
	switch (l->state) {
	case FILELINK_OPEN:
		return guard_wait_ms(&l->link.guard);
	case FILELINK_CLOSED:
		return SOON_MS;
	case FILELINK_OVER:
		return l->exited ? 1000 : SOON_MS;
	default:
		return 1000;
	}
}
