/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of the gate of files that stand alone: where a path leads, what
 * may be shown of a target's words, sums whose bytes come out of order, files
 * that wait for their check, events that are folded, queues.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "sftp/attrs.h"
#include "sftp/fold.h"
#include "sftp/names.h"
#include "sftp/outq.h"
#include "sftp/place.h"
#include "sftp/spool.h"
#include "sftp/sum.h"
#include "tests/unit/random.h"

static struct bytes bytes_of(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static void leads(const char *path, const char *target, const char *inner)
{
	struct place p;

	assert_int_equal(place_parse(bytes_of(path), &p), 0);
	assert_string_equal(p.target, target);
	assert_string_equal(p.inner, inner);
}

static void paths_lead_where_their_letters_say(void **state)
{
	struct place p;

	(void)state;
	leads("", "", "/");
	leads(".", "", "/");
	leads("/", "", "/");
	leads("../../..", "", "/");
	leads("/plc-gw", "plc-gw", "/");
	leads("plc-gw/", "plc-gw", "/");
	leads("//plc-gw///etc/./x/", "plc-gw", "/etc/x");
	leads("/plc-gw/../../../etc", "etc", "/");
	leads("/plc-gw/a/b/../../../hmi/x", "hmi", "/x");
	leads("/plc-gw/...", "plc-gw", "/...");
	leads("/plc-gw/a/..b/.c", "plc-gw", "/a/..b/.c");
	assert_int_equal(place_parse(bytes_of("/Plc/x"), &p), -ENOENT);
	assert_int_equal(place_parse(bytes_of("/-x/y"), &p), -ENOENT);
	assert_int_equal(
		place_parse((struct bytes){(const uint8_t *)"/a\0b", 4}, &p),
		-EINVAL);
}

static void long_paths_are_refused_not_cut(void **state)
{
	char path[3 * CONTROL_NAME_SIZE];
	struct place p;

	(void)state;
	for (size_t len = 1; len < sizeof(path); len += 97) {
		int r;

		memset(path, 'x', len);
		memcpy(path, "/a/", 3);
		path[len < 4 ? 4 : len] = 0;
		r = place_parse(bytes_of(path), &p);
		if (r == 0)
			assert_string_equal(p.inner, path + 2);
		else
			assert_int_equal(r, -ENAMETOOLONG);
		assert_int_equal(r == 0, strlen(path) - 2 < sizeof(p.inner));
	}
}

static int link_in(const char *at, const char *content, const char *want)
{
	char held[CONTROL_NAME_SIZE] = "";
	struct place link;
	int r;

	assert_int_equal(place_parse(bytes_of(at), &link), 0);
	r = place_link_in(&link, bytes_of(content), held);
	if (r == 0)
		assert_string_equal(held, want);
	return r;
}

static void links_stay_in_their_folder(void **state)
{
	(void)state;
	assert_int_equal(link_in("/a/d/l", "x", "x"), 0);
	assert_int_equal(link_in("/a/d/l", "../x", "../x"), 0);
	assert_int_equal(link_in("/a/d/l", "/a/etc/x", "/etc/x"), 0);
	assert_int_equal(link_in("/a/d/l", "/a", "/"), 0);
	assert_int_equal(link_in("/a/d/l", "../../x", NULL), -EXDEV);
	assert_int_equal(link_in("/a/d/l", "x/../../../b", NULL), -EXDEV);
	assert_int_equal(link_in("/a/d/l", "/b/x", NULL), -EXDEV);
	assert_int_equal(link_in("/a/d/l", "/a/../b/x", NULL), -EXDEV);
	assert_int_equal(link_in("/a/d/l", "/", NULL), -EXDEV);
	assert_int_equal(link_in("/a/d/l", "", NULL), -ENOENT);
}

static int shown(const char *link, const char *path, const char *want)
{
	char got[PLACE_SHOWN_SIZE] = "";
	struct place at;
	int r;

	if (link)
		assert_int_equal(place_parse(bytes_of(link), &at), 0);
	r = place_shown("a", link ? &at : NULL, bytes_of(path), got);
	if (r == 0)
		assert_string_equal(got, want);
	return r;
}

static void what_targets_name_has_their_folder_before_it(void **state)
{
	(void)state;
	assert_int_equal(shown(NULL, "/", "/a"), 0);
	assert_int_equal(shown(NULL, "/etc/../x/.", "/a/x"), 0);
	assert_int_equal(shown(NULL, "/../../b", "/a/b"), 0);
	assert_int_equal(shown(NULL, "etc", NULL), -EBADMSG);
	assert_int_equal(shown(NULL, "", NULL), -EBADMSG);
	assert_int_equal(shown(NULL, "/x\x1b[2J", NULL), -EBADMSG);
	assert_int_equal(shown(NULL, "/x\xc2\x9b", NULL), -EBADMSG);
	assert_int_equal(shown("/a/d/l", "x", "x"), 0);
	assert_int_equal(shown("/a/d/l", "/etc", "/a/etc"), 0);
	/* a client that follows it by itself must not come to another one */
	assert_int_equal(shown("/a/d/l", "../../../b/x", "/a/b/x"), 0);
}

static void patterns_are_for_the_last_part(void **state)
{
	struct file_terms t = {
		.pattern_count = 2, .patterns = {"*.bin", "[a-c]?"}};

	(void)state;
	assert_true(place_matches(&t, "/x.txt/y.bin"));
	assert_true(place_matches(&t, "/b1"));
	assert_false(place_matches(&t, "/y.bin/x.txt"));
	assert_false(place_matches(&t, "/y.bin2"));
	assert_false(place_matches(&t, "/d1"));
	t.pattern_count = 0;
	assert_true(place_matches(&t, "/d1"));
}

static void put_entry(struct build *b, const char *name, const char *text)
{
	const struct attrs a = {.flags = ATTRS_MODE, .mode = 0100644};

	build_text(b, name);
	build_text(b, text);
	attrs_put(b, &a);
}

/* Rewrites a list of such names; returns what is left, as "a,b,". */
static void rewrites(const char *const names[], const char *want)
{
	uint8_t given[4096], made[4096];
	char left[256] = "";
	struct build b;
	struct cursor c;
	uint32_t count = 0;

	while (names[count])
		count++;
	build_init(&b, given, sizeof(given));
	build_u32(&b, count);
	for (uint32_t i = 0; i < count; i++)
		put_entry(&b, names[i], "l\x1b[1m\xc2\x9b");
	cursor_init(&c, given, b.len);
	build_init(&b, made, sizeof(made));
	assert_int_equal(names_rewrite(&c, &b), 0);
	cursor_init(&c, made, b.len);
	count = frame_u32(&c);
	for (uint32_t i = 0; i < count; i++) {
		struct bytes name = frame_string(&c), text = frame_string(&c);
		struct attrs a;

		attrs_take(&c, &a);
		strncat(left, (const char *)name.data, name.len);
		strncat(left, ",", 2);
		assert_null(memchr(text.data, 0x1b, text.len));
		assert_null(memchr(text.data, 0x9b, text.len));
	}
	assert_true(cursor_done(&c));
	assert_string_equal(left, want);
}

static void names_that_can_not_be_are_left_out(void **state)
{
	(void)state;
	rewrites((const char *const[]){"x", ".", "..", "y z", NULL},
		"x,.,..,y z,");
	rewrites((const char *const[]){"../x", "a", "/etc", "", NULL}, "a,");
	rewrites((const char *const[]){"a\nb", "\x7f", "..\\x", NULL}, ".,");
	/* control characters as UTF-8; and letters that have such bytes */
	rewrites((const char *const[]){"\xc2\x9b" "2J", "\xc3\x9b",
			 "\xe2\x82\xac", NULL},
		"\xc3\x9b,\xe2\x82\xac,");
}

static void lists_that_lie_are_refused(void **state)
{
	uint8_t given[64], made[64];
	struct build b;
	struct cursor c;

	(void)state;
	build_init(&b, given, sizeof(given));
	build_u32(&b, UINT32_MAX);
	put_entry(&b, "a", "a");
	cursor_init(&c, given, b.len);
	build_init(&b, made, sizeof(made));
	assert_int_equal(names_rewrite(&c, &b), -EBADMSG);
}

/* SHA-256 of 1,000 bytes i * 7, in pieces and in this order. */
static void sum_in_order(const size_t order[], size_t count, bool whole)
{
	uint8_t data[1000], one[SUM_BYTES], other[SUM_BYTES];
	size_t ahead = 0, piece = sizeof(data) / count;
	struct sum s;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	assert_int_equal(sum_init(&s, &ahead), 0);
	sum_feed(&s, 0, data, sizeof(data));
	assert_true(sum_final(&s, one));
	sum_done(&s);
	assert_int_equal(sum_init(&s, &ahead), 0);
	for (size_t i = 0; i < count; i++)
		sum_feed(&s, order[i] * piece, data + order[i] * piece, piece);
	assert_int_equal(sum_final(&s, other), whole);
	if (whole)
		assert_memory_equal(one, other, sizeof(one));
	sum_done(&s);
	assert_int_equal(ahead, 0);
}

static void sums_wait_for_what_is_behind(void **state)
{
	(void)state;
	sum_in_order((const size_t[]){0, 1, 2, 3, 4}, 5, true);
	sum_in_order((const size_t[]){4, 3, 2, 1, 0}, 5, true);
	sum_in_order((const size_t[]){1, 0, 4, 2, 3}, 5, true);
	sum_in_order((const size_t[]){1, 2, 3, 4, 4}, 5, false);
	sum_in_order((const size_t[]){0, 1, 1, 2, 3}, 5, false);
	sum_in_order((const size_t[]){0, 2, 2, 1, 3}, 5, false);
}

static void what_waits_for_a_sum_is_bounded(void **state)
{
	_cleanup_free_ uint8_t *data = calloc(1, 1 << 20);
	size_t ahead = 0;
	struct sum s;

	(void)state;
	assert_non_null(data);
	assert_int_equal(sum_init(&s, &ahead), 0);
	for (uint64_t i = 1; i < 40; i++) {
		sum_feed(&s, i << 20, data, 1 << 20);
		assert_true(ahead <= SUM_AHEAD_MAX);
	}
	assert_true(s.broken);
	sum_done(&s);
	assert_int_equal(sum_init(&s, &ahead), 0);
	for (uint64_t i = 1; i < 2 * SUM_PIECES_MAX; i++) {
		sum_feed(&s, 2 * i, data, 1);
		assert_true(s.pieces <= SUM_PIECES_MAX);
	}
	assert_true(s.broken);
	sum_done(&s);
	assert_int_equal(ahead, 0);
}

static void a_spool_has_no_holes_and_is_sealed(void **state)
{
	struct spool *s = spool_new();
	static const uint8_t abc[SUM_BYTES] = {0xba, 0x78, 0x16, 0xbf, 0x8f,
		0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22,
		0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4,
		0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};

	(void)state;
	assert_non_null(s);
	assert_int_equal(spool_write(s, 1, "x", 1), -ERANGE);
	assert_int_equal(spool_write(s, 0, "aXc", 3), 0);
	assert_int_equal(spool_write(s, 4, "x", 1), -ERANGE);
	assert_int_equal(spool_write(s, 1, "b", 1), 0);
	assert_int_equal(s->size, 3);
	assert_int_equal(spool_seal(s), 0);
	assert_memory_equal(s->sum, abc, sizeof(abc));
	assert_memory_equal(s->map, "abc", 3);
	assert_int_equal(pwrite(s->fd, "x", 1, 0), -1);
	assert_int_equal(ftruncate(s->fd, 0), -1);
	assert_int_equal(ftruncate(s->fd, 10), -1);
	spool_free(s);
}

static void folds_tell_once_a_second(void **state)
{
	static struct fold f;
	uint32_t times = 0, told = 0;

	(void)state;
	for (int64_t ms = 1; ms <= 10000; ms++) {
		if (fold_now(&f, ms, "/x", NULL, &times))
			told++;
	}
	assert_true(told >= 9 && told <= 11);
	assert_string_equal(f.name, "/x");
	assert_true(fold_when(&f) > 9000);
	assert_false(fold_due(&f, fold_when(&f) - 1, &times));
	assert_true(fold_due(&f, fold_when(&f), &times));
	assert_true(times > 0);
	assert_int_equal(fold_when(&f), -1);
}

/* Random puts, sends and settles: the same bytes, in the same order. */
static void queues_keep_their_order(void **state)
{
	static uint8_t source[8192], got[1 << 22], want[1 << 22];
	size_t in = 0, out = 0;
	struct outq q = {0};

	(void)state;
	random_seed("queues_keep_their_order");
	for (int turn = 0; turn < 2000 && in < sizeof(want) / 2; turn++) {
		for (size_t i = 0; i < sizeof(source); i++)
			source[i] = (uint8_t)random_next();
		for (size_t n = random_below(90); n; n--) {
			size_t head = random_below(40);
			size_t body = random_below(3)
				? random_below(300)
				: random_below(sizeof(source) - 64);

			assert_int_equal(outq_put(&q, source, head,
						 source + 64, body),
				0);
			memcpy(want + in, source, head);
			memcpy(want + in + head, source + 64, body);
			in += head + body;
			if (in > sizeof(want) / 2)
				break;
		}
		for (size_t n = random_below(4); n; n--) {
			struct iovec iov[3];
			size_t parts = outq_iov(&q, iov, 3), len;

			for (size_t i = 0; i < parts; i++) {
				len = random_below(iov[i].iov_len + 1);
				memcpy(got + out, iov[i].iov_base, len);
				out += len;
				outq_sent(&q, len);
				break;
			}
		}
		assert_int_equal(outq_settle(&q), 0);
		assert_int_equal(q.total, in - out);
	}
	while (q.total) {
		struct iovec iov[OUTQ_PARTS];
		size_t parts = outq_iov(&q, iov, OUTQ_PARTS);

		assert_true(parts > 0);
		memcpy(got + out, iov[0].iov_base, iov[0].iov_len);
		out += iov[0].iov_len;
		outq_sent(&q, iov[0].iov_len);
	}
	assert_int_equal(in, out);
	assert_memory_equal(got, want, in);
	outq_done(&q);
}

static int set_up(void **state)
{
	(void)state;
	return sum_setup();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_lead_where_their_letters_say),
		cmocka_unit_test(long_paths_are_refused_not_cut),
		cmocka_unit_test(links_stay_in_their_folder),
		cmocka_unit_test(what_targets_name_has_their_folder_before_it),
		cmocka_unit_test(patterns_are_for_the_last_part),
		cmocka_unit_test(names_that_can_not_be_are_left_out),
		cmocka_unit_test(lists_that_lie_are_refused),
		cmocka_unit_test(sums_wait_for_what_is_behind),
		cmocka_unit_test(what_waits_for_a_sum_is_bounded),
		cmocka_unit_test(a_spool_has_no_holes_and_is_sealed),
		cmocka_unit_test(folds_tell_once_a_second),
		cmocka_unit_test(queues_keep_their_order),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
