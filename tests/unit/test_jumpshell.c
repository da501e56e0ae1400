/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pure parts of jumpshell: words, deadlines, the window of output, the
 * terminal's state, notices, keys.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/proc.h"
#include "jumpshell/ask.h"
#include "jumpshell/deadline.h"
#include "jumpshell/inputsum.h"
#include "jumpshell/notice.h"
#include "jumpshell/sshkey.h"
#include "jumpshell/vtstate.h"
#include "jumpshell/window.h"
#include "jumpshell/words.h"
#include "tests/unit/random.h"

static void words_are_taken_as_they_are(void **state)
{
	static const struct {
		const char *text;
		int result;
		const char *first, *rest;
	} rows[] = {
		{"list", 0, "list", ""},
		{"  list  ", 0, "list", ""},
		{"plc-gw uptime", 0, "plc-gw", "uptime"},
		{"plc-gw  two  blanks ", 0, "plc-gw", " two  blanks "},
		{"plc-gw\nid", 0, "plc-gw", "id"},
		{"plc-gw 'cat > f' && \"x\" $(y)", 0, "plc-gw",
			"'cat > f' && \"x\" $(y)"},
		{"plc-gw caf\xc3\xa9 \x01\xff", 0, "plc-gw",
			"caf\xc3\xa9 \x01\xff"},
		{"\"list\"", 0, "\"list\"", ""},
		{"list;id", 0, "list;id", ""},
		{"$(id)", 0, "$(id)", ""},
		{"-oProxyCommand=id", 0, "-oProxyCommand=id", ""},
		{"", -ENODATA, NULL, NULL},
		{" \t\n ", -ENODATA, NULL, NULL},
		{"caf\xc3\xa9", -EBADMSG, NULL, NULL},
		{"\x1b[A", -EBADMSG, NULL, NULL},
		{"li\x7fst", -EBADMSG, NULL, NULL},
		{"a-name-that-is-longer-than-any-name-can-be", -EMSGSIZE, NULL,
			NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct words w;

		assert_int_equal(words_take(rows[i].text, strlen(rows[i].text),
					 WORDS_LINE_MAX, &w),
			rows[i].result);
		if (rows[i].result < 0)
			continue;
		assert_string_equal(w.first, rows[i].first);
		assert_int_equal(w.rest_len, strlen(rows[i].rest));
		assert_memory_equal(w.rest, rows[i].rest, w.rest_len);
	}
}

static void a_line_too_long_is_refused(void **state)
{
	static char text[WORDS_LINE_MAX + 2];
	struct words w;

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[4] = ' ';
	assert_int_equal(
		words_take(text, WORDS_LINE_MAX, WORDS_LINE_MAX, &w), 0);
	assert_int_equal(
		words_take(text, WORDS_LINE_MAX + 1, WORDS_LINE_MAX, &w),
		-EMSGSIZE);
}

static struct decision open_until(int64_t until, uint32_t grace)
{
	return (struct decision){.allow = true,
		.reason = REASON_OK,
		.until = until,
		.grace_sec = grace};
}

static struct decision denied(enum reason reason)
{
	return (struct decision){.reason = reason};
}

/* Runs second by second; counts what was said, returns when it was cut. */
static int64_t run_down(int64_t until, uint32_t grace, int64_t from,
	unsigned *ret_warnings, unsigned *ret_last_minutes)
{
	struct decision d = open_until(until, grace);
	struct deadline line;

	*ret_warnings = *ret_last_minutes = 0;
	deadline_begin(&line, &d, from * 1000);
	for (int64_t now = from; now < until + 10000; now++) {
		struct decision is = now < until ? d : denied(REASON_LATE);
		struct deadline_step s = deadline_look(&line, &is, now * 1000);

		if (s.act == DEADLINE_CUT) {
			assert_string_equal(s.reason, "window");
			return now;
		}
		if (s.act == DEADLINE_WARN) {
			(*ret_warnings)++;
			*ret_last_minutes = s.minutes;
			assert_true(until - now <= s.minutes * 60);
		}
	}
	return -1;
}

static void warnings_come_and_the_cut_is_on_time(void **state)
{
	unsigned warnings, minutes;

	(void)state;
	assert_int_equal(run_down(10000, 0, 1000, &warnings, &minutes), 10000);
	assert_int_equal(warnings, 3);
	assert_int_equal(minutes, 1);
	assert_int_equal(
		run_down(10000, 120, 1000, &warnings, &minutes), 10120);
	assert_int_equal(warnings, 3);
	/* begun with four minutes left: only the last one */
	assert_int_equal(run_down(10000, 0, 9760, &warnings, &minutes), 10000);
	assert_int_equal(warnings, 1);
	assert_int_equal(run_down(10000, 0, 9990, &warnings, &minutes), 10000);
	assert_int_equal(warnings, 0);
}

static void revoked_is_cut_at_once(void **state)
{
	static const enum reason reasons[] = {REASON_UNSPECIFIED,
		REASON_NO_GRANT, REASON_EARLY, REASON_LATE, REASON_REVOKED,
		REASON_TARGET, REASON_PROTOCOL, REASON_ACCOUNT, REASON_SOURCE,
		REASON_POLICY, REASON_RECORDING};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
		struct decision d = open_until(10000, 600);
		struct decision no = denied(reasons[i]);
		struct deadline line;
		struct deadline_step s;

		deadline_begin(&line, &d, 5000 * 1000);
		s = deadline_look(&line, &no, 5001 * 1000);
		assert_int_equal(s.act, DEADLINE_CUT);
		assert_string_equal(s.reason, "revoked");
	}
}

/* A grant taken back during its grace does not keep the rest of it. */
static void revoked_in_grace_is_cut_at_once(void **state)
{
	struct decision d = open_until(10000, 600);
	struct decision late = denied(REASON_LATE);
	struct decision revoked = denied(REASON_REVOKED);
	struct deadline line;

	(void)state;
	deadline_begin(&line, &d, 9000 * 1000);
	assert_int_equal(
		deadline_look(&line, &late, 10000 * 1000).act, DEADLINE_GRACE);
	assert_int_equal(
		deadline_look(&line, &late, 10001 * 1000).act, DEADLINE_GO);
	assert_int_equal(
		deadline_look(&line, &revoked, 10002 * 1000).act, DEADLINE_CUT);
}

static void moving_the_end_is_told_once(void **state)
{
	struct decision d = open_until(10000, 0);
	struct decision later = open_until(12000, 0);
	struct decision sooner = open_until(9500, 0);
	struct deadline line;
	struct deadline_step s;

	(void)state;
	deadline_begin(&line, &d, 9000 * 1000);
	assert_int_equal(
		deadline_look(&line, &d, 9001 * 1000).act, DEADLINE_GO);
	s = deadline_look(&line, &later, 9002 * 1000);
	assert_int_equal(s.act, DEADLINE_EXTENDED);
	assert_int_equal(
		deadline_look(&line, &later, 9003 * 1000).act, DEADLINE_GO);
	/* its warnings come again, before the new end */
	s = deadline_look(&line, &later, (12000 - 899) * 1000);
	assert_int_equal(s.act, DEADLINE_WARN);
	assert_int_equal(s.minutes, 15);
	deadline_begin(&line, &d, 9000 * 1000);
	s = deadline_look(&line, &sooner, 9002 * 1000);
	assert_int_equal(s.act, DEADLINE_SHORTENED);
	s = deadline_look(&line, &sooner, 9201 * 1000);
	assert_int_equal(s.act, DEADLINE_WARN);
	assert_int_equal(s.minutes, 5);
}

static uint8_t data[WINDOW_CHUNKS][WINDOW_CHUNK_SIZE];

/* Random steps: nothing is shown before its acknowledgement, nothing twice,
 * nothing out of order, and the window never holds more than it may. */
static void nothing_is_shown_unacknowledged(void **state)
{
	struct window w;
	uint64_t put = 0, acked = 0, shown = 0;

	(void)state;
	window_init(&w, data);
	for (int i = 0; i < 200000; i++) {
		uint8_t *room = window_room(&w);
		const uint8_t *at;
		unsigned stream;
		size_t len;

		switch (random_below(4)) {
		case 0:
			if (!room)
				break;
			len = 1 + random_below(50);
			for (size_t j = 0; j < len; j++)
				room[j] = (uint8_t)(put + j);
			window_fill(&w, len, (unsigned)(put % 2));
			put += len;
			break;
		case 1:
			if (window_unsent(&w, &len))
				window_sent(&w);
			break;
		case 2:
			len = w.chunk[w.acked % WINDOW_CHUNKS].len;
			if (window_ack(&w) == 0)
				acked += len;
			break;
		default:
			at = window_showable(&w, &len, &stream);
			if (!at)
				break;
			len = 1 + random_below(len);
			for (size_t j = 0; j < len; j++)
				assert_int_equal(at[j], (uint8_t)(shown + j));
			shown += len;
			window_showed(&w, len);
		}
		assert_true(shown <= acked && acked <= put);
		assert_true(w.filled - w.shown <= WINDOW_CHUNKS);
		assert_true(w.shown <= w.acked && w.acked <= w.sent &&
			    w.sent <= w.filled);
	}
	assert_true(shown > 100000);
}

static void an_acknowledgement_too_many_is_an_error(void **state)
{
	struct window w;

	(void)state;
	window_init(&w, data);
	assert_int_equal(window_ack(&w), -EBADMSG);
	window_fill(&w, 5, 0);
	assert_int_equal(window_ack(&w), -EBADMSG);
	window_sent(&w);
	assert_int_equal(window_ack(&w), 0);
	assert_int_equal(window_ack(&w), -EBADMSG);
}

static void the_terminal_is_followed(void **state)
{
	static const struct {
		const char *bytes;
		bool ground;
	} rows[] = {
		{"abc\r\n", true},
		{"\x1b", false},
		{"\x1b[", false},
		{"\x1b[1;31", false},
		{"\x1b[1;31m", true},
		{"\x1b(", false},
		{"\x1b(B", true},
		{"\x1b"
		 "7",
			true},
		{"\x1b]0;title", false},
		{"\x1b]0;title\x07", true},
		{"\x1b]0;title\x1b", false},
		{"\x1b]0;title\x1b\\", true},
		{"\x1bP1$r", false},
		{"\x1bP1$r\x1b\\", true},
		{"\x1b[12\x18", true},
		{"\xc3", false},
		{"\xc3\xa9", true},
		{"\xe2\x82", false},
		{"\xe2\x82\xac", true},
		{"\xf0\x9f\x98", false},
		{"\xf0\x9f\x98\x80", true},
		{"\x1b[\x1b[m", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct vtstate v = {0};

		vtstate_feed(&v, rows[i].bytes, strlen(rows[i].bytes));
		if (vtstate_ground(&v) != rows[i].ground)
			fail_msg("row %zu", i);
	}
}

/* Cursor saved and restored, one line, never into the last column. */
static void a_notice_stays_in_its_line(void **state)
{
	char text[400], out[NOTICE_MAX + 1];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (unsigned cols = 1; cols < 500; cols++) {
		size_t len = notice_format(text, cols, out), x = 0;

		assert_true(len > 0 && len < NOTICE_MAX);
		out[len] = '\0';
		assert_memory_equal(out, "\0337\033[1;1H", 8);
		assert_non_null(strstr(out, "\033[0m\033[K\0338"));
		assert_null(strchr(out, '\n'));
		for (size_t i = 0; i < len; i++)
			x += out[i] == 'x';
		if (cols > 10)
			assert_true(x + 7 < cols);
	}
}

static void answers_are_taken_strictly(void **state)
{
	static const struct {
		const char *line;
		int result;
		const char *word;
	} rows[] = {
		{"ok\n", 0, ""},
		{"ok /var/x\n", 0, "/var/x"},
		{"no window\n", -EACCES, "window"},
		{"no window is over\n", -EACCES, "window"},
		{"no \n", -EBADMSG, NULL},
		{"no\n", -EBADMSG, NULL},
		{"ok", -EBADMSG, NULL},
		{"okay\n", -EBADMSG, NULL},
		{"", -EBADMSG, NULL},
		{"\n", -EBADMSG, NULL},
		{"no win\x1b[2Jdow\n", -EBADMSG, NULL},
		{"yes\n", -EBADMSG, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ask_answer a = {0};
		int r = ask_parse(rows[i].line, strlen(rows[i].line), &a);

		assert_int_equal(r, rows[i].result);
		if (r != -EBADMSG)
			assert_string_equal(
				r == 0 ? a.text : a.reason, rows[i].word);
	}
}

static void input_is_summed_as_sha256sum_does(void **state)
{
	char text[INPUTSUM_TEXT_SIZE];
	struct inputsum s;

	(void)state;
	inputsum_begin(&s);
	inputsum_text(&s, text);
	assert_string_equal(text,
		"0 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852"
		"b855");
	inputsum_begin(&s);
	inputsum_add(&s, "a", 1);
	inputsum_add(&s, "bc", 2);
	inputsum_text(&s, text);
	assert_string_equal(text,
		"3 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f200"
		"15ad");
}

/* The key of RFC 8032, test 1; ssh-keygen must read the file and find the
 * same public half. */
static void keys_are_what_ssh_reads(void **state)
{
	static const struct sshkey k = {
		.seed = {0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba,
			0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49,
			0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac,
			0x03, 0x1c, 0xae, 0x7f, 0x60},
		.point = {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5,
			0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1,
			0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a,
			0x68, 0xf7, 0x07, 0x51, 0x1a},
	};
	char file[] = "/tmp/test_jumpshell.XXXXXX";
	char text[SSHKEY_PRIVATE_SIZE], line[SSHKEY_PUBLIC_SIZE], out[256];
	const char *const argv[] = {
		"/usr/bin/ssh-keygen", "-y", "-f", file, NULL};
	const char *const envp[] = {NULL};
	struct proc_run run = {.argv = argv,
		.envp = envp,
		.timeout_ms = 10000,
		.ret_output = out,
		.output_size = sizeof(out)};
	size_t len = sshkey_private(&k, 4711, text);
	int fd = mkstemp(file);

	(void)state;
	assert_true(len < sizeof(text) && strlen(text) == len);
	assert_int_equal(fd_write_all(fd, text, len), 0);
	close(fd);
	assert_int_equal(proc_run(&run), 0);
	len = sshkey_public(&k, line);
	assert_int_equal(len, strlen(line));
	assert_string_equal(out, line);
	unlink(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_taken_as_they_are),
		cmocka_unit_test(a_line_too_long_is_refused),
		cmocka_unit_test(warnings_come_and_the_cut_is_on_time),
		cmocka_unit_test(revoked_is_cut_at_once),
		cmocka_unit_test(revoked_in_grace_is_cut_at_once),
		cmocka_unit_test(moving_the_end_is_told_once),
		cmocka_unit_test(nothing_is_shown_unacknowledged),
		cmocka_unit_test(an_acknowledgement_too_many_is_an_error),
		cmocka_unit_test(the_terminal_is_followed),
		cmocka_unit_test(a_notice_stays_in_its_line),
		cmocka_unit_test(answers_are_taken_strictly),
		cmocka_unit_test(input_is_summed_as_sha256sum_does),
		cmocka_unit_test(keys_are_what_ssh_reads),
	};

	random_seed("test_jumpshell");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
