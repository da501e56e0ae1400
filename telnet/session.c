/* SPDX-License-Identifier: BSD-2-Clause */
#include "telnet/session.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/moment.h"
#include "telnet/messenger.h"

#define CHUNK	   4096
#define TYPED_ROOM 4096 /* of what goes to the device; the rest are replies */
#define AHEAD_MAX  256
#define STILL_MAX  64 /* reads without a word of data: one who talks on */
#define CTRL_C	   3
#define CTRL_D	   4

struct run {
	const struct session *s;
	struct negotiate negotiate;
	struct expect expect;
	struct keyboard keyboard;
	struct telnet_bytes out;   /* to the device */
	struct telnet_bytes shown; /* to the person */
	uint8_t out_room[NEGOTIATE_REPLIES_MAX + TYPED_ROOM];
	uint8_t shown_room[CHUNK + SECRET_CAPACITY];
	uint8_t ahead[AHEAD_MAX]; /* typed since the password is out */
	size_t ahead_len;
	bool logging_in, secret_out;
	bool typing, hearing; /* that side is still open */
	bool over;
	enum telnet_verdict verdict;
};

static void end(struct run *r, enum telnet_verdict verdict)
{
	if (r->over)
		return;
	r->over = true;
	r->verdict = verdict;
}

static void took(struct telnet_bytes *b, size_t n)
{
	b->len -= n;
	memmove(b->at, b->at + n, b->len);
}

static void flush_shown(struct run *r)
{
	ssize_t n = write(STDOUT_FILENO, r->shown.at, r->shown.len);

	if (n > 0)
		took(&r->shown, (size_t)n);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		end(r, VERDICT_CLOSED);
}

/* What is left to be shown. */
static void drain(struct run *r)
{
	struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};

	while (r->shown.len > 0 && poll(&p, 1, 1000) == 1) {
		size_t before = r->shown.len;

		flush_shown(r);
		if (r->shown.len == before)
			return;
	}
}

/* On a terminal of our own, which is raw, or to a pipe. */
static void say(const struct run *r, const char *text)
{
	const bool raw = r->s->terminal;
	char line[WORKER_TEXT_SIZE + NAME_SIZE + 16];
	size_t len = strlen(text);
	int n;

	if (len > 0 && text[len - 1] == '.')
		len--;
	n = snprintf(line, sizeof(line), "%s%s: %.*s.%s\n", raw ? "\r\n" : "",
		r->s->target, (int)len, text, raw ? "\r" : "");
	if (n > 0 && (size_t)n < sizeof(line))
		(void)!write(STDERR_FILENO, line, (size_t)n);
}

/* What the device said comes first, for a person who reads. */
static void fail(struct run *r, enum telnet_verdict verdict, const char *text)
{
	if (r->over)
		return;
	end(r, verdict);
	drain(r);
	say(r, text);
}

static enum telnet_verdict verdict_of(enum expect_end e)
{
	switch (e) {
	case EXPECT_END_FAILED:
		return VERDICT_WRONG;
	case EXPECT_END_SLOW:
		return VERDICT_SLOW;
	case EXPECT_END_MUCH:
		return VERDICT_MUCH;
	case EXPECT_END_RULES:
		return VERDICT_RULES;
	default:
		return VERDICT_ORDER;
	}
}

static void give_up(struct run *r)
{
	if (r->expect.end == EXPECT_END_FAILED && r->expect.sent)
		messenger_tell(r->s->messenger, false);
	fail(r, verdict_of(r->expect.end), expect_sentence(r->expect.end));
}

static void send_line(struct run *r, const void *bytes, size_t len)
{
	if (keyboard_line(&r->keyboard, bytes, len,
		    negotiate_binary(&r->negotiate), &r->out) < 0)
		fail(r, VERDICT_ORDER, "the device takes nothing");
}

/* Takes one read of the device apart. How many bytes of data were in it. */
static size_t hear(struct run *r)
{
	uint8_t raw[CHUNK], plain[CHUNK];
	struct telnet_bytes data = {.at = plain, .size = sizeof(plain)};
	ssize_t n = recv(r->s->device, raw, sizeof(raw), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		r->hearing = false;
		return 0;
	}
	if (negotiate_take(&r->negotiate, raw, (size_t)n, &data, &r->out) < 0) {
		fail(r, VERDICT_TELNET, negotiate_sentence(r->negotiate.fault));
		return 0;
	}
	if (expect_take(&r->expect, plain, data.len, moment_boot_ms(),
		    &r->shown) < 0 &&
		data.len > 0)
		fail(r, VERDICT_ORDER, expect_sentence(EXPECT_END_ORDER));
	return data.len;
}

/* The prompt that is about to be answered is still the last word. */
static bool still_asking(struct run *r)
{
	struct pollfd p = {.fd = r->s->device, .events = POLLIN};

	for (int i = 0; poll(&p, 1, 0) == 1; i++) {
		if (i == STILL_MAX || hear(r) > 0 || r->over || !r->hearing)
			return false;
	}
	return r->hearing;
}

static void send_password(struct run *r)
{
	_cleanup_secret_ struct secret secret = {0};
	char text[WORKER_TEXT_SIZE];

	if (messenger_fetch(r->s->messenger, &secret, text) < 0) {
		fail(r, VERDICT_CREDENTIAL, text);
		return;
	}
	if (expect_arm(&r->expect, &secret) < 0) {
		give_up(r);
		return;
	}
	if (!still_asking(r)) {
		fail(r, VERDICT_ORDER, expect_sentence(EXPECT_END_ORDER));
		return;
	}
	r->secret_out = true;
	send_line(r, secret.bytes, secret.len);
}

static void help(void)
{
	static const char text[] =
		"\r\nAt the beginning of a line:\r\n"
		"  ~.  leave\r\n"
		"  ~B  send a BREAK\r\n"
		"  ~~  send one ~\r\n"
		"  ~?  this\r\n"
		"An ssh of yours takes the first ~ for itself: type ~~B then."
		"\r\n";

	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
}

static void type(struct run *r, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len && !r->over; i++) {
		int wish = keyboard_take(&r->keyboard, bytes[i],
			negotiate_binary(&r->negotiate), &r->out);

		if (wish == KEYBOARD_LEAVE)
			end(r, VERDICT_CLOSED);
		else if (wish == KEYBOARD_HELP)
			help();
	}
}

static void answer(struct run *r)
{
	switch (expect_look(&r->expect, moment_boot_ms())) {
	case EXPECT_SEND_ACCOUNT:
		send_line(r, r->s->account, strlen(r->s->account));
		break;
	case EXPECT_SEND_PASSWORD:
		send_password(r);
		break;
	case EXPECT_LET_IN:
		r->logging_in = false;
		messenger_tell(r->s->messenger, true);
		type(r, r->ahead, r->ahead_len);
		break;
	case EXPECT_GIVE_UP:
		give_up(r);
		break;
	default:
		break;
	}
}

/*
 * Before the login is over no key goes anywhere; but one may leave. Once the
 * password is out they are kept, all of them: what is typed at a prompt that
 * is already seen is for that prompt, and half a command is another one.
 */
static void hold(struct run *r, const uint8_t *bytes, size_t len)
{
	if (memchr(bytes, CTRL_C, len) || memchr(bytes, CTRL_D, len))
		end(r, VERDICT_CLOSED);
	if (r->expect.state != EXPECT_READY)
		return;
	memcpy(r->ahead + r->ahead_len, bytes, len);
	r->ahead_len += len;
}

/*
 * How much of it may be taken now. A file that is typed waits for the login;
 * a person's keys do not, as far as there is room to keep them.
 */
static size_t input_room(const struct run *r)
{
	if (!r->typing || r->out.len >= TYPED_ROOM / 2)
		return 0;
	if (!r->logging_in)
		return (TYPED_ROOM - r->out.len) / KEYBOARD_GROWTH;
	return r->s->terminal ? sizeof(r->ahead) - r->ahead_len : 0;
}

static void take_input(struct run *r)
{
	uint8_t bytes[TYPED_ROOM / KEYBOARD_GROWTH];
	size_t room = input_room(r); /* replies may have taken it meanwhile */
	ssize_t n;

	if (room == 0)
		return;
	n = read(STDIN_FILENO, bytes, room);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		if (r->logging_in)
			hold(r, bytes, (size_t)n);
		else
			type(r, bytes, (size_t)n);
		return;
	}
	r->typing = false;
	if (r->s->terminal)
		end(r, VERDICT_CLOSED);
}

static void take_size(struct run *r)
{
	struct signalfd_siginfo info;
	struct winsize ws = {0};

	while (read(r->s->resized, &info, sizeof(info)) == sizeof(info))
		;
	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col &&
		ws.ws_row && r->out.len < TYPED_ROOM / 2)
		(void)negotiate_resize(
			&r->negotiate, ws.ws_col, ws.ws_row, &r->out);
}

static void flush_out(struct run *r)
{
	ssize_t n = send(r->s->device, r->out.at, r->out.len,
		MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		r->hearing = false;
		n = (ssize_t)r->out.len; /* nobody takes it any more */
	}
	if (n <= 0)
		return;
	took(&r->out, (size_t)n);
	if (r->secret_out && r->out.len == 0) {
		explicit_bzero(r->out_room, sizeof(r->out_room));
		r->secret_out = false;
	}
}

static void step(struct run *r)
{
	bool in = input_room(r) > 0;
	short device = (r->shown.len == 0 && r->hearing ? POLLIN : 0) |
		       (r->out.len > 0 ? POLLOUT : 0);
	struct pollfd p[] = {
		{.fd = in ? STDIN_FILENO : -1, .events = POLLIN},
		{.fd = device ? r->s->device : -1, .events = device},
		{.fd = r->shown.len ? STDOUT_FILENO : -1, .events = POLLOUT},
		{.fd = r->s->resized, .events = POLLIN},
	};

	(void)poll(p, ARRAY_LEN(p),
		r->logging_in ? expect_wait_ms(&r->expect, moment_boot_ms())
			      : -1);
	if (p[3].revents)
		take_size(r);
	if (p[2].revents)
		flush_shown(r);
	if ((device & POLLIN) && (p[1].revents & ~POLLOUT))
		(void)hear(r);
	if (p[0].revents)
		take_input(r);
	if (r->logging_in && !r->over)
		answer(r);
	if (r->out.len > 0)
		flush_out(r);
	if (!r->typing && r->out.len == 0 && !r->s->terminal)
		(void)shutdown(r->s->device, SHUT_WR);
}

static void begin(struct run *r, const struct session *s)
{
	r->s = s;
	r->out = (struct telnet_bytes){
		.at = r->out_room, .size = sizeof(r->out_room)};
	r->shown = (struct telnet_bytes){
		.at = r->shown_room, .size = sizeof(r->shown_room)};
	r->keyboard = (struct keyboard){
		.line_end = s->line_end, .terminal = s->terminal};
	r->typing = r->hearing = true;
	negotiate_begin(&r->negotiate, s->cols, s->rows);
	if (!s->rules) {
		r->expect.state = EXPECT_DONE;
		return;
	}
	r->logging_in = true;
	if (expect_begin(&r->expect, s->rules, moment_boot_ms()) < 0)
		fail(r, VERDICT_RULES, expect_sentence(EXPECT_END_RULES));
}

enum telnet_verdict session_run(const struct session *s)
{
	static struct run r; /* large, and there is one */

	begin(&r, s);
	while (!r.over && (r.hearing || r.shown.len > 0))
		step(&r);
	drain(&r);
	if (!r.over && r.logging_in)
		fail(&r, VERDICT_ORDER,
			"the device hung up before it was ready");
	else if (!r.over && s->terminal)
		say(&r, "the device hung up");
	expect_done(&r.expect);
	explicit_bzero(r.out_room, sizeof(r.out_room));
	return r.verdict;
}
