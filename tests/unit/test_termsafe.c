/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a played recording may do to the terminal of whoever plays it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "jumpctl/termsafe.h"
#include "tests/unit/random.h"

static const struct {
	const char *in, *out;
} rows[] = {
	{"plain\r\n\ttext\a\b", "plain\r\n\ttext\a\b"},
	{"\x1b[1;31mred\x1b[0m", "\x1b[1;31mred\x1b[0m"},
	{"\x1b[2J\x1b[H\x1b[10;5H", "\x1b[2J\x1b[H\x1b[10;5H"},
	{"\x1b[?1049h\x1b[?25l", "\x1b[?1049h\x1b[?25l"},
	{"\x1b[38;5;196mx", "\x1b[38;5;196mx"},
	{"\x1b[1;24r\x1b[3L", "\x1b[1;24r\x1b[3L"},
	{"\x1b(B\x1b(0", "\x1b(B\x1b(0"},
	{"\x1b"
	 "7\x1b"
	 "8\x1bM",
		"\x1b"
		"7\x1b"
		"8\x1bM"},
	{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xc2\xa0",
		"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xc2\xa0"},
	/* questions that the terminal would answer as if typed */
	{"a\x1b[cb", "ab"},
	{"a\x1b[>cb", "ab"},
	{"a\x1b[5nb", "ab"},
	{"a\x1b[6nb", "ab"},
	{"a\x1b[?6nb", "ab"},
	{"a\x1b[21tb", "ab"},
	{"a\x1b[xb", "ab"},
	{"a\x1bZb", "ab"},
	{"a\x05"
	 "b",
		"ab"},
	{"a\x1bP$qm\x1b\\b", "ab"},
	{"a\x1bP+q544e\x1b\\b", "ab"},
	{"a\x1b[?1$pb", "ab"},
	/* titles, clipboard, notifications, hyperlinks */
	{"a\x1b]0;title\ab", "ab"},
	{"a\x1b]52;c;ZXZpbA==\ab", "ab"},
	{"a\x1b]52;c;?\x1b\\b", "ab"},
	{"a\x1b]8;;http://x\x1b\\b", "ab"},
	{"a\x1b]777;notify;x\ab", "ab"},
	{"a\x1b_Gdata\x1b\\b", "ab"},
	{"a\x1b^pm\x1b\\b", "ab"},
	{"a\x1bXsos\x1b\\b", "ab"},
	{"a\x1bktitle\x1b\\b", "atitleb"}, /* screen's: text, no title */
	/* modes that change what keys send, resets, printers, windows */
	{"a\x1b[?1000hb", "ab"},
	{"a\x1b[?2004hb", "ab"},
	{"a\x1b[?1;1000hb", "ab"},
	{"a\x1b[20hb", "ab"},
	{"a\x1b"
	 "cb",
		"ab"},
	{"a\x1b[!pb", "ab"},
	{"a\x1b[5ib", "ab"},
	{"a\x1b[8;99;99tb", "ab"},
	{"a\x1b=b\x1b>c", "abc"},
	{"a\x1b[>4;1mb", "ab"},
	{"a\x1b[23;1~b", "ab"},
	{"a\x1b[0\"qb", "ab"},
	/* the same with one byte, as UTF-8 has it */
	{"a\xc2\x9b"
	 "cb",
		"acb"},
	{"a\xc2\x9d"
	 "0;t\xc2\x9c"
	 "b",
		"a0;tb"},
	/* broken off, nested, too long */
	{"a\x1b[12\x1b[31mb", "a\x1b[31mb"},
	{"a\x1b[12\nb", "a\nb"},
	{"a\x1b\x1b[31mb", "a\x1b[31mb"},
	{"a\x1b]0;t\x1b[31mb", "a\x1b[31mb"},
	{"a\x1b[1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;"
	 "1;1;1;1;1mb",
		"ab"},
	{"a\x7f\x01\x0e\x0f"
	 "b",
		"ab"},
	{"a\x1b", "a"},
	{"a\x1b[", "a"},
};

static void only_what_draws_passes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct termsafe t = {0};
		uint8_t out[512];
		size_t n = termsafe_filter(&t, (const uint8_t *)rows[i].in,
			strlen(rows[i].in), out);

		out[n] = '\0';
		if (strcmp((char *)out, rows[i].out) != 0)
			fail_msg("row %zu gave \"%s\"", i, (char *)out);
	}
}

/* Where the pieces are cut makes no difference. */
static void pieces_make_no_difference(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (size_t cut = 0; cut <= strlen(rows[i].in); cut++) {
			const uint8_t *in = (const uint8_t *)rows[i].in;
			struct termsafe t = {0};
			uint8_t out[512];
			size_t n = termsafe_filter(&t, in, cut, out);

			n += termsafe_filter(&t, in + cut,
				strlen(rows[i].in) - cut, out + n);
			out[n] = '\0';
			assert_string_equal((char *)out, rows[i].out);
		}
	}
}

/* Whatever comes: what comes out has no string, no question, no reset. */
static void nothing_else_comes_out(void **state)
{
	static const char bits[] = "\x1b\x1b\x1b[[[]P_^X?;0123456789mHhlcnt"
				   "\\\a\x18 ~";

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct termsafe t = {0}, again = {0};
		uint8_t in[64], out[200], twice[400];
		size_t len = random_below(sizeof(in)), n, m;

		for (size_t i = 0; i < len; i++)
			in[i] = (uint8_t)bits[random_below(sizeof(bits) - 1)];
		n = termsafe_filter(&t, in, len, out);
		assert_true(n <= len + TERMSAFE_SEQUENCE_MAX);
		for (size_t i = 0; i + 1 < n; i++)
			if (out[i] == 0x1b)
				assert_non_null(
					memchr("[78DEHM()*+", out[i + 1], 11));
		/* filtering is final: a second time changes nothing */
		m = termsafe_filter(&again, out, n, twice);
		assert_int_equal(m, n);
		assert_memory_equal(twice, out, n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_draws_passes),
		cmocka_unit_test(pieces_make_no_difference),
		cmocka_unit_test(nothing_else_comes_out),
	};

	random_seed("test_termsafe");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
