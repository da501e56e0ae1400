/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The telnet protocol by itself: what a device may ask for, what it gets, and
 * what a person's bytes become on their way to it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "telnet/keyboard.h"
#include "telnet/negotiate.h"

#define IAC  "\xff"
#define DONT "\xfe"
#define DO   "\xfd"
#define WONT "\xfc"
#define WILL "\xfb"
#define SB   "\xfa"
#define SE   "\xf0"

struct play {
	struct negotiate n;
	uint8_t data_room[65536], reply_room[NEGOTIATE_REPLIES_MAX];
	struct telnet_bytes data, reply;
};

static struct play *play_new(void)
{
	struct play *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	negotiate_begin(&p->n, 80, 24);
	p->data = (struct telnet_bytes){
		.at = p->data_room, .size = sizeof(p->data_room)};
	p->reply = (struct telnet_bytes){
		.at = p->reply_room, .size = sizeof(p->reply_room)};
	return p;
}

static int take(struct play *p, const char *bytes, size_t len)
{
	return negotiate_take(
		&p->n, (const uint8_t *)bytes, len, &p->data, &p->reply);
}

struct row {
	const char *in;
	size_t in_len;
	const char *data;
	size_t data_len;
	const char *reply;
	size_t reply_len;
};
#define ROW(i, d, r)                                                           \
	{                                                                      \
		i, sizeof(i) - 1, d, sizeof(d) - 1, r, sizeof(r) - 1           \
	}

static const struct row rows[] = {
	ROW("hello", "hello", ""),
	ROW("a" IAC IAC "b",
		"a\xff"
		"b",
		""),
	ROW("a\r\0b\r\nc", "a\rb\r\nc", ""),
	ROW("a\0b", "a\0b", ""),
	/* agreed on once, and not again */
	ROW(IAC WILL "\1" IAC WILL "\1", "", IAC DO "\1"),
	ROW(IAC WILL "\1" IAC WONT "\1" IAC WONT "\1", "",
		IAC DO "\1" IAC DONT "\1"),
	ROW(IAC DO "\3" IAC DO "\3", "", IAC WILL "\3"),
	ROW(IAC DO "\3" IAC DONT "\3", "", IAC WILL "\3" IAC WONT "\3"),
	/* what is off already */
	ROW(IAC WONT "\1" IAC DONT "\3", "", ""),
	/* refused: he may not ask for our echo, nor for any other option */
	ROW(IAC DO "\1", "", IAC WONT "\1"),
	ROW(IAC DO "\x22" IAC DO "\x27", "", IAC WONT "\x22" IAC WONT "\x27"),
	ROW(IAC WILL "\x26", "", IAC DONT "\x26"),
	ROW(IAC WILL "\x1f", "", IAC DONT "\x1f"),
	ROW(IAC DO IAC, "", IAC WONT IAC),
	/* size and name of the terminal */
	ROW(IAC DO "\x1f", "",
		IAC WILL "\x1f" IAC SB "\x1f\0\x50\0\x18" IAC SE),
	ROW(IAC DO "\x18" IAC SB "\x18\1" IAC SE, "",
		IAC WILL "\x18" IAC SB "\x18\0VT100" IAC SE),
	/* not agreed on; a question that is none; another's */
	ROW(IAC SB "\x18\1" IAC SE "x", "x", ""),
	ROW(IAC DO "\x18" IAC SB "\x18\1\1" IAC SE "x", "x", IAC WILL "\x18"),
	ROW(IAC SB "\x27\1" IAC IAC IAC SE "x", "x", ""),
	ROW(IAC SB IAC SE "x", "x", ""),
	/* binary: then a NUL is a NUL */
	ROW(IAC WILL "\0a\r\0b", "a\r\0b", IAC DO "\0"),
	/* commands that ask for nothing */
	ROW("a" IAC "\xf1" IAC "\xf2" IAC "\xf6" IAC "\xf9" IAC "\x01"
	    "b",
		"ab", ""),
};

static void options_are_agreed_on_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (size_t step = 1; step <= rows[i].in_len; step++) {
			_cleanup_free_ struct play *p = play_new();

			for (size_t at = 0; at < rows[i].in_len; at += step) {
				size_t left = rows[i].in_len - at;

				assert_int_equal(
					take(p, rows[i].in + at,
						left < step ? left : step),
					0);
			}
			assert_int_equal(p->data.len, rows[i].data_len);
			assert_memory_equal(
				p->data.at, rows[i].data, p->data.len);
			assert_int_equal(p->reply.len, rows[i].reply_len);
			assert_memory_equal(
				p->reply.at, rows[i].reply, p->reply.len);
		}
	}
}

/* NOP and GA have no answer, and come all day: a session goes on. */
static void what_keeps_a_connection_alive_does(void **state)
{
	_cleanup_free_ struct play *p = play_new();

	(void)state;
	for (int i = 0; i < 20 * NEGOTIATE_MAX; i++) {
		assert_int_equal(take(p, IAC "\xf1" IAC "\xf9", 4), 0);
		assert_int_equal(take(p, IAC "\x05", 2), 0);
	}
	assert_int_equal(take(p, "x", 1), 0);
	assert_int_equal(p->data.len, 1);
	assert_int_equal(p->reply.len, 0);
}

static void a_device_that_never_stops_is_stopped(void **state)
{
	static const char *const loops[] = {
		IAC WILL "\x22", IAC DO "\x1f", IAC SB "\x18\x01" IAC SE};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(loops); i++) {
		_cleanup_free_ struct play *p = play_new();
		int r = 0, rounds = 0;

		while (r == 0 && rounds++ <= NEGOTIATE_MAX)
			r = take(p, loops[i], strlen(loops[i]));
		assert_int_equal(r, -EPROTO);
		assert_int_equal(rounds, NEGOTIATE_MAX + 1);
		assert_int_equal(p->n.fault, NEGOTIATE_TOO_MANY);
		p->data.len = 0;
		assert_int_equal(take(p, "x", 1), -EPROTO);
		assert_int_equal(p->data.len, 0);
	}
}

/* Replies go to a machine like ours and back: soon both are silent. */
static void two_of_us_do_not_talk_in_a_circle(void **state)
{
	static const char verbs[] = WILL WONT DO DONT;

	(void)state;
	for (unsigned i = 0; i < 4 * 256; i++) {
		const char first[] = {IAC[0], verbs[i % 4], (char)(i / 4)};
		_cleanup_free_ struct play *a = play_new();
		_cleanup_free_ struct play *b = play_new();
		struct play *from = a, *to = b;
		int rounds = 0;

		assert_int_equal(take(a, first, sizeof(first)), 0);
		while (from->reply.len > 0) {
			struct play *turn = from;

			assert_true(rounds++ < 4);
			assert_int_equal(take(to, (char *)from->reply.at,
						 from->reply.len),
				0);
			from->reply.len = 0;
			from = to;
			to = turn;
		}
	}
}

/* The most that can be answered fits the queue that the header names. */
static void all_replies_have_room(void **state)
{
	_cleanup_free_ struct play *p = play_new();
	int r = 0;

	(void)state;
	negotiate_begin(&p->n, 0xffff, 0xffff);
	while (r == 0) {
		r = take(p, IAC DO "\x1f", 3);
		if (r == 0)
			r = take(p, IAC DONT "\x1f", 3);
	}
	assert_int_equal(r, -EPROTO);
	assert_true(p->reply.len <= NEGOTIATE_REPLIES_MAX);
}

static void subnegotiations_are_bounded_and_whole(void **state)
{
	char bytes[3 + NEGOTIATE_SUB_MAX + 1];

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	memcpy(bytes, IAC SB, 2);
	for (int more = 0; more < 2; more++) {
		_cleanup_free_ struct play *p = play_new();
		int r = take(p, bytes, 2 + NEGOTIATE_SUB_MAX + (size_t)more);

		assert_int_equal(r, more ? -EPROTO : 0);
		assert_int_equal(
			p->n.fault, more ? NEGOTIATE_TOO_LONG : NEGOTIATE_FINE);
	}
	{
		_cleanup_free_ struct play *p = play_new();

		assert_int_equal(
			take(p, IAC SB "\x18" IAC WILL "\1", 6), -EPROTO);
		assert_int_equal(p->n.fault, NEGOTIATE_BROKEN);
		assert_int_equal(p->reply.len, 0);
	}
}

static void a_new_size_is_told_to_who_asked(void **state)
{
	_cleanup_free_ struct play *p = play_new();

	(void)state;
	assert_int_equal(negotiate_resize(&p->n, 100, 30, &p->reply), 0);
	assert_int_equal(p->reply.len, 0);
	assert_int_equal(take(p, IAC DO "\x1f", 3), 0);
	p->reply.len = 0;
	assert_int_equal(negotiate_resize(&p->n, 100, 30, &p->reply), 0);
	assert_int_equal(p->reply.len, 0);
	assert_int_equal(negotiate_resize(&p->n, 255, 40, &p->reply), 0);
	assert_int_equal(p->reply.len, 10);
	assert_memory_equal(
		p->reply.at, IAC SB "\x1f\0" IAC IAC "\0\x28" IAC SE, 10);
	p->reply.size = 12;
	assert_int_equal(negotiate_resize(&p->n, 80, 25, &p->reply), -ENOSPC);
}

struct typed {
	struct keyboard k;
	bool binary;
	const char *in, *out;
	size_t out_len;
};
#define TYPED(end, tty, bin, i, o)                                             \
	{                                                                      \
		{.line_end = (end), .terminal = (tty)}, bin, i, o,             \
			sizeof(o) - 1                                          \
	}

static const struct typed typed[] = {
	TYPED(LINE_END_CR_NUL, true, false, "ls\ra\nb", "ls\r\0a\nb"),
	TYPED(LINE_END_CR_NUL, true, true, "ls\r", "ls\r"),
	TYPED(LINE_END_CR, true, false, "ls\ra", "ls\ra"),
	TYPED(LINE_END_CRLF, true, false, "ls\r\r", "ls\r\n\r\n"),
	TYPED(LINE_END_CRLF, true, true, "ls\r", "ls\r\n"),
	TYPED(LINE_END_LF, true, false, "ls\r", "ls\n"),
	TYPED(LINE_END_CR_NUL, false, false, "a\nb\r\nc\rd\n\n",
		"a\r\0b\r\0c\r\0d\r\0\r\0"),
	TYPED(LINE_END_LF, false, false, "a\r\n~.b\n", "a\n~.b\n"),
	TYPED(LINE_END_CR_NUL, true, false, "a\xff", "a\xff\xff"),
	/* escapes, at the beginning of a line alone */
	TYPED(LINE_END_CR_NUL, true, false, "~B", "\xff\xf3"),
	TYPED(LINE_END_CR_NUL, true, false, "a~B", "a~B"),
	TYPED(LINE_END_LF, true, false, "a\r~Bx~B", "a\n\xff\xf3x~B"),
	TYPED(LINE_END_LF, true, false, "~~~B", "~~B"),
	TYPED(LINE_END_LF, true, false, "~x~~", "~x~~"),
	TYPED(LINE_END_LF, true, false, "~\r~B", "~\n\xff\xf3"),
	TYPED(LINE_END_LF, true, false, "~C~\x1a", "~C~\x1a"),
	TYPED(LINE_END_LF, true, false, "~B~B", "\xff\xf3\xff\xf3"),
};

static void what_is_typed_arrives_as_configured(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(typed); i++) {
		struct keyboard k = typed[i].k;
		uint8_t room[128];
		struct telnet_bytes out = {.at = room, .size = sizeof(room)};

		for (const char *c = typed[i].in; *c; c++)
			assert_int_equal(keyboard_take(&k, (uint8_t)*c,
						 typed[i].binary, &out),
				KEYBOARD_GO);
		assert_int_equal(out.len, typed[i].out_len);
		assert_memory_equal(room, typed[i].out, out.len);
	}
}

static void help_and_leaving(void **state)
{
	struct keyboard k = {.terminal = true};
	uint8_t room[16];
	struct telnet_bytes out = {.at = room, .size = sizeof(room)};

	(void)state;
	assert_int_equal(keyboard_take(&k, '~', false, &out), KEYBOARD_GO);
	assert_int_equal(keyboard_take(&k, '?', false, &out), KEYBOARD_HELP);
	assert_int_equal(keyboard_take(&k, '~', false, &out), KEYBOARD_GO);
	assert_int_equal(keyboard_take(&k, '.', false, &out), KEYBOARD_LEAVE);
	assert_int_equal(out.len, 0);
	out.size = KEYBOARD_GROWTH - 1;
	assert_int_equal(keyboard_take(&k, 'x', false, &out), -ENOSPC);
}

static void a_line_of_ours(void **state)
{
	const struct keyboard k = {.line_end = LINE_END_CRLF};
	uint8_t room[6];
	struct telnet_bytes out = {.at = room, .size = sizeof(room)};

	(void)state;
	assert_int_equal(keyboard_line(&k, "a~\xff", 3, false, &out), 0);
	assert_int_equal(out.len, 6);
	assert_memory_equal(room, "a~\xff\xff\r\n", 6);
	assert_int_equal(keyboard_line(&k, "", 0, false, &out), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_agreed_on_or_refused),
		cmocka_unit_test(a_device_that_never_stops_is_stopped),
		cmocka_unit_test(what_keeps_a_connection_alive_does),
		cmocka_unit_test(two_of_us_do_not_talk_in_a_circle),
		cmocka_unit_test(all_replies_have_room),
		cmocka_unit_test(subnegotiations_are_bounded_and_whole),
		cmocka_unit_test(a_new_size_is_told_to_who_asked),
		cmocka_unit_test(what_is_typed_arrives_as_configured),
		cmocka_unit_test(help_and_leaving),
		cmocka_unit_test(a_line_of_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
