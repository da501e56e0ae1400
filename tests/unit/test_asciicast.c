/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The recorder's encoder against the reader of jumpctl: whatever bytes come,
 * cut in whatever places, the same bytes are had back, each line is JSON,
 * and whatever was acknowledged can be read when the rest is torn off.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "jumpctl/cast.h"
#include "tests/unit/random.h"
#include "workers/record/asciicast.h"
#include "workers/record/request.h"
#include "workers/record/utf8.h"

#define FILE_MAX (4 * 1024 * 1024)

static char file[FILE_MAX], lines[CAST_BUF_SIZE];
static uint8_t sent[256 * 1024], back[512 * 1024];
static size_t file_len;

static const struct cast_identity somebody = {
	.bastion = "plant-1",
	.session = "123e4567-e89b-42d3-a456-426614174000",
	.conn = "00112233aabbccdd",
	.grant = "G77",
	.ticket = "",
	.user = "acme-tech1",
	.target = "plc-gw",
	.proto = "ssh",
	.zone = "cell-a",
	.account = "maint",
	.source = "192.0.2.7",
	.key = "SHA256:abc",
	.uid = 1900000007,
	.started = 1700000000,
	.window_end = 1700003600,
	.term = "xterm",
	.cols = 80,
	.rows = 24,
	.command = "echo \"\xff\"",
	.command_len = 8,
};

static void begin(void)
{
	struct castbuf b;

	castbuf_init(&b, lines, sizeof(lines));
	cast_header(&b, &somebody);
	assert_false(b.full);
	memcpy(file, lines, b.len);
	file_len = b.len;
}

static void output(struct cast *c, const void *bytes, size_t len)
{
	struct castbuf b;

	castbuf_init(&b, lines, sizeof(lines));
	cast_output(c, &b, 1500000, bytes, len);
	assert_false(b.full);
	assert_true(file_len + b.len <= sizeof(file));
	memcpy(file + file_len, lines, b.len);
	file_len += b.len;
}

/* Reads the file's first len bytes; returns how many bytes were shown. */
static size_t read_back(size_t len, char *ret_text, size_t text_size)
{
	_cleanup_fclose_ FILE *f = fmemopen(file, len, "r");
	_cleanup_cast_ struct cast_reader r = {0};
	struct cast_event ev;
	size_t have = 0, text = 0;
	int e;

	assert_non_null(f);
	assert_int_equal(cast_reader_begin(&r, f), 0);
	while ((e = cast_next(&r, &ev)) == 1) {
		if (ev.code != 'o')
			continue;
		assert_true(have + ev.len <= sizeof(back));
		memcpy(back + have, ev.bytes, ev.len);
		have += ev.len;
		if (ret_text && text + ev.text_len < text_size) {
			memcpy(ret_text + text, ev.text, ev.text_len);
			text += ev.text_len;
		}
	}
	if (e < 0)
		print_error("line %u: %s\n", r.line, r.why);
	assert_int_equal(e, 0);
	if (ret_text)
		ret_text[text] = '\0';
	return have;
}

static void utf8_is_judged_by_the_standard(void **state)
{
	static const struct {
		const char *bytes;
		enum utf8 kind;
		size_t len;
	} rows[] = {
		{"a", UTF8_WHOLE, 1},
		{"\x7f", UTF8_WHOLE, 1},
		{"\x80", UTF8_INVALID, 1},
		{"\xc0\x80", UTF8_INVALID, 1},
		{"\xc1\xbf", UTF8_INVALID, 1},
		{"\xc2\x80", UTF8_WHOLE, 2},
		{"\xc3", UTF8_CUT, 1},
		{"\xe0\x80\x80", UTF8_INVALID, 1},
		{"\xe0\xa0\x80", UTF8_WHOLE, 3},
		{"\xe2\x82", UTF8_CUT, 2},
		{"\xe2\x82\xac", UTF8_WHOLE, 3},
		{"\xed\xa0\x80", UTF8_INVALID, 1},
		{"\xed\x9f\xbf", UTF8_WHOLE, 3},
		{"\xf0\x80\x80\x80", UTF8_INVALID, 1},
		{"\xf0\x9f\x98\x80", UTF8_WHOLE, 4},
		{"\xf0\x9f\x98", UTF8_CUT, 3},
		{"\xf4\x8f\xbf\xbf", UTF8_WHOLE, 4},
		{"\xf4\x90\x80\x80", UTF8_INVALID, 1},
		{"\xf5", UTF8_INVALID, 1},
		{"\xff", UTF8_INVALID, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t len;

		assert_int_equal(utf8_next((const uint8_t *)rows[i].bytes,
					 strlen(rows[i].bytes), &len),
			rows[i].kind);
		assert_int_equal(len, rows[i].len);
	}
}

/* Text with all that a terminal sends stays text, without a byte event. */
static void text_is_kept_as_text(void **state)
{
	static const char text[] = "\x1b[1;31mStörung\x1b[0m \"quoted\" \\ "
				   "\t€ 😀\r\n\x07\x7f";
	struct cast c = {0};
	char shown[256];

	(void)state;
	begin();
	output(&c, text, strlen(text));
	file[file_len] = '\0';
	assert_null(strstr(file, ",\"b\","));
	assert_non_null(strstr(file, "Störung"));
	assert_int_equal(
		read_back(file_len, shown, sizeof(shown)), strlen(text));
	assert_string_equal(shown, text);
}

/* Cut after each of its bytes: exact bytes, and the character is shown. */
static void a_character_in_pieces_is_shown_whole(void **state)
{
	static const char text[] = "a€😀é.";

	(void)state;
	for (size_t cut = 0; cut <= strlen(text); cut++) {
		for (size_t two = cut; two <= strlen(text); two++) {
			struct cast c = {0};
			char shown[64];

			begin();
			output(&c, text, cut);
			output(&c, text + cut, two - cut);
			output(&c, text + two, strlen(text) - two);
			assert_int_equal(
				read_back(file_len, shown, sizeof(shown)),
				strlen(text));
			assert_memory_equal(back, text, strlen(text));
			assert_string_equal(shown, text);
		}
	}
}

static void fill_random(uint8_t *to, size_t len)
{
	static const char *const bits[] = {"plain text ", "\x1b[2J", "é", "€",
		"😀", "\xff", "\xe2\x82", "\x80", "\"\\\n", "\xc3"};
	bool binary = random_one_in(4);
	size_t have = 0;

	while (have < len) {
		const char *bit = bits[random_below(ARRAY_LEN(bits))];
		size_t n = strlen(bit);

		if (binary || n > len - have) {
			to[have++] = (uint8_t)random_next();
			continue;
		}
		memcpy(to + have, bit, n);
		have += n;
	}
}

static void any_bytes_come_back(void **state)
{
	(void)state;
	for (int round = 0; round < 400; round++) {
		size_t len = random_below(3000), at = 0;
		struct cast c = {0};

		fill_random(sent, len);
		begin();
		while (at < len) {
			size_t n = 1 + random_below(random_one_in(3) ? 5 : 900);

			n = n > len - at ? len - at : n;
			output(&c, sent + at, n);
			at += n;
		}
		assert_int_equal(read_back(file_len, NULL, 0), len);
		assert_memory_equal(back, sent, len);
	}
}

/* Torn anywhere: the whole lines before it give a prefix of what was sent. */
static void a_torn_file_gives_what_is_whole(void **state)
{
	struct cast c = {0};
	size_t promised = 0, header;

	(void)state;
	fill_random(sent, 2000);
	begin();
	header = file_len;
	for (size_t at = 0; at < 2000; at += 100)
		output(&c, sent + at, 100);
	for (size_t cut = header; cut <= file_len; cut++) {
		size_t got = read_back(cut, NULL, 0);

		assert_true(got >= promised && got <= 2000);
		assert_memory_equal(back, sent, got);
		promised = got;
	}
	assert_int_equal(promised, 2000);
}

static void the_largest_chunk_fits(void **state)
{
	(void)state;
	for (int kind = 0; kind < 6; kind++) {
		struct cast c = {0};

		for (size_t i = 0; i < CAST_CHUNK_MAX; i++) {
			const uint8_t by_kind[] = {0x01, 0xff, 0x00,
				(uint8_t)random_next(), i % 66 ? 0x02 : 0xff,
				i % 2 ? 0x03 : 0xff};

			sent[i] = by_kind[kind];
		}
		begin();
		output(&c, sent, CAST_CHUNK_MAX);
		assert_int_equal(read_back(file_len, NULL, 0), CAST_CHUNK_MAX);
		assert_memory_equal(back, sent, CAST_CHUNK_MAX);
	}
}

/* A device with an old character set: all of its text can be seen. */
static void latin1_text_is_shown_to_its_end(void **state)
{
	static const char line[] = "St\xf6rung an Schacht 4, Zone \xdc-7.\r\n";
	struct cast c = {0};
	char shown[16384];
	size_t len = 0;

	(void)state;
	for (; len < 8000; len += strlen(line))
		memcpy(sent + len, line, strlen(line));
	begin();
	output(&c, sent, len);
	assert_int_equal(read_back(file_len, shown, sizeof(shown)), len);
	assert_memory_equal(back, sent, len);
	assert_true(strlen(shown) > len);
	assert_non_null(
		strstr(shown + strlen(shown) - 20, "Zone \xef\xbf\xbd-7."));
}

static void requests_are_whole_or_refused(void **state)
{
	static const char good[] =
		"record conn=00112233aabbccdd target=plc-gw account=maint "
		"cols=80 rows=24 term=xterm-256color command=12\n";
	static const char files[] =
		"record conn=00112233aabbccdd target=plc-gw account=maint "
		"proto=sftp cols=80 rows=24\n";
	static const char *const bad[] = {
		"",
		"\n",
		"record\n",
		"record conn=00112233aabbccdd\n",
		"sign conn=00112233aabbccdd target=a account=b cols=1 rows=1\n",
		"record conn=../../../../etcx target=a account=b cols=1 "
		"rows=1\n",
		"record conn=00112233aabbccdd target=A account=b cols=1 "
		"rows=1\n",
		"record conn=00112233aabbccdd target=a account=b cols=0 "
		"rows=1\n",
		"record conn=00112233aabbccdd target=a account=b cols=1 "
		"rows=9999\n",
		"record conn=00112233aabbccdd target=a account=b cols=1 "
		"rows=1 term=a/b\n",
		"record conn=00112233aabbccdd target=a account=b cols=1 "
		"rows=1 command=65537\n",
		"record conn=00112233aabbccdd target=a account=b cols=1 "
		"rows=1 extra=1\n",
		"record conn=00112233aabbccdd target=a account=b proto=rdp "
		"cols=1 rows=1\n",
		"record conn=00112233aabbccdd target=a account=b proto=x "
		"cols=1 rows=1\n",
		"record conn=00112233aabbccdd target=a account=b cols=1 "
		"rows=1 rows=2\n",
		"record  conn=00112233aabbccdd target=a account=b cols=1 "
		"rows=1\n",
		"record conn=00112233aabbccdd target=a account=b cols=1 "
		"rows=1 \n",
		"record conn=00112233aabbccdd target=a account=b cols=1 "
		"rows=1",
		"record conn=00112233aabbccdd target=a\tx=b account=b cols=1 "
		"rows=1\n",
	};
	struct record_request q;

	(void)state;
	assert_int_equal(record_request_parse(good, strlen(good), &q), 0);
	assert_string_equal(q.target, "plc-gw");
	assert_string_equal(q.term, "xterm-256color");
	assert_int_equal(q.command_len, 12);
	assert_int_equal(q.proto, PROTO_SSH);
	assert_int_equal(record_request_parse(files, strlen(files), &q), 0);
	assert_int_equal(q.proto, PROTO_SFTP);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(
			record_request_parse(bad[i], strlen(bad[i]), &q),
			-EBADMSG);
	for (size_t n = 0; n < strlen(good); n++)
		assert_int_equal(record_request_parse(good, n, &q), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_is_judged_by_the_standard),
		cmocka_unit_test(text_is_kept_as_text),
		cmocka_unit_test(a_character_in_pieces_is_shown_whole),
		cmocka_unit_test(any_bytes_come_back),
		cmocka_unit_test(a_torn_file_gives_what_is_whole),
		cmocka_unit_test(the_largest_chunk_fits),
		cmocka_unit_test(latin1_text_is_shown_to_its_end),
		cmocka_unit_test(requests_are_whole_or_refused),
	};

	random_seed("test_asciicast");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
