/* SPDX-License-Identifier: BSD-2-Clause */
/* What the strict parse refuses, and what the reader says about it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>

#include "json/strict.h"

static const struct json_limits limits = {.max_bytes = 200, .depth_max = 4};

static int parse(const char *bytes, size_t len)
{
	_cleanup_json_ json_t *object = NULL;
	char why[JSON_WHY_SIZE] = "";
	int r = json_strict_parse(bytes, len, &limits, &object, why);

	if (r < 0 && (why[0] == '\0' || object))
		return 1; /* an error has a reason and no object */
	return r;
}

static void test_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len; /* 0: strlen */
		int expected;
	} rows[] = {
		{"", 0, -EBADMSG},
		{"[]", 0, -EBADMSG},
		{"\"x\"", 0, -EBADMSG},
		{"{\"a\":1,\"a\":1}", 0, -EBADMSG},
		{"{\"a\":1,\"\\u0061\":1}", 0, -EBADMSG},
		{"{} {}", 0, -EBADMSG},
		{"{}x", 0, -EBADMSG},
		{"{}\0", 3, -EBADMSG},
		{"{\"a\":\"x\0y\"}", 11, -EBADMSG},
		{"{\"a\":\"\\u0000\"}", 0, -EBADMSG},
		{"{\"a\":\"\xc3\"}", 0, -EBADMSG},
		{"{\"a\":\"\xed\xa0\x80\"}", 0, -EBADMSG},
		{"{\"a\":1.0}", 0, -EBADMSG},
		{"{\"a\":1e3}", 0, -EBADMSG},
		{"{\"a\":-0}", 0, -EBADMSG},
		{"{\"a\":01}", 0, -EBADMSG},
		{"{\"a\":+1}", 0, -EBADMSG},
		{"{\"a\":99999999999999999999}", 0, -EBADMSG},
		{"{\"a\":[[[[1]]]]}", 0, -EBADMSG},
		{"{\"a\":1]", 0, -EBADMSG},
		{"}", 0, -EBADMSG},
		{"{\"a", 0, -EBADMSG},
		{"{\"a\":NaN}", 0, -EBADMSG},
		{"{'a':1}", 0, -EBADMSG},
		{"{\"a\":1,}", 0, -EBADMSG},
		{"{/**/}", 0, -EBADMSG},
		{"\xef\xbb\xbf{}", 0, -EBADMSG},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = rows[i].len ? rows[i].len : strlen(rows[i].bytes);
		int r = parse(rows[i].bytes, len);

		if (r != rows[i].expected)
			fail_msg("row %zu (%s): %d", i, rows[i].bytes, r);
	}
}

static void test_escaped_quotes(void **state)
{
	static const char *const whole[] = {
		"{\"a\":\"\\\"[[[[[[\"}",
		"{\"a\":\"\\\\\",\"b\":\"\\\\\\\"{{{{{\"}",
		"{\"a\":\"\\\\\\\\\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		assert_int_equal(parse(whole[i], strlen(whole[i])), 0);
	/* The backslash is escaped, so the brackets are not in a string. */
	assert_int_equal(parse("{\"a\":\"\\\\\",[[[[[", 14), -EBADMSG);
}

static void test_value_limit(void **state)
{
	static const struct json_limits few = {
		.max_bytes = 200, .depth_max = 4, .values_max = 5};
	_cleanup_json_ json_t *object = NULL;
	const char *enough = "{\"a\":1,\"b\":[1]}";
	const char *more = "{\"a\":1,\"b\":[1,1]}";
	json_t *none = NULL;

	(void)state;
	assert_int_equal(
		json_strict_parse(enough, strlen(enough), &few, &object, NULL),
		0);
	assert_int_equal(
		json_strict_parse(more, strlen(more), &few, &none, NULL),
		-EBADMSG);
	assert_null(none);
}

static void test_size_limit(void **state)
{
	char bytes[202];

	(void)state;
	memset(bytes, ' ', sizeof(bytes));
	memcpy(bytes, "{}", 2);
	assert_int_equal(parse(bytes, 200), 0);
	assert_int_equal(parse(bytes, 201), -EMSGSIZE);
}

static void test_accepted(void **state)
{
	static const char *const rows[] = {
		"{}",
		" {\"a\" : [1, -2, 0, {\"b\":\"}]1.5e3\"}], \"c\":null} ",
		"{\"a\":\"\\\"[[[[[[\"}",
		"{\"a\":9223372036854775807,\"b\":-9223372036854775808}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (parse(rows[i], strlen(rows[i])) != 0)
			fail_msg("row %zu (%s)", i, rows[i]);
}

/* One schema, read over many objects: what does the reader complain of? */
static const char *complaint(const char *text)
{
	static char result[JSON_FIELD_SIZE + 80];
	_cleanup_json_ json_t *object = json_loads(text, 0, NULL);
	struct json_reader r;
	const json_t *list;

	json_reader_init(&r, object);
	(void)json_reader_text(&r, "name", 1, 4);
	(void)json_reader_int_opt(&r, "n", 0, 9, 5);
	(void)json_reader_bool_opt(&r, "b", true);
	list = json_reader_array_opt(&r, "list", 1, 2);
	for (size_t i = 0; i < json_array_size(list); i++)
		(void)json_reader_element(&r, "list", list, i, 1, 2);
	(void)json_reader_object_opt(&r, "o");
	if (json_reader_done(&r))
		return "";
	snprintf(result, sizeof(result), "%s %s", r.field, r.why);
	return result;
}

static void test_reader_complains(void **state)
{
	static const char *const rows[][2] = {
		{"{\"name\":\"abcd\",\"n\":9,\"b\":false,\"list\":[\"a\"],"
		 "\"o\":{}}",
			""},
		{"{\"name\":\"a\"}", ""},
		{"[]", " is no object"},
		{"{}", "name is missing"},
		{"{\"name\":1}", "name is of the wrong type"},
		{"{\"name\":null}", "name is of the wrong type"},
		{"{\"name\":\"\"}", "name is too short"},
		{"{\"name\":\"abcde\"}", "name is too long"},
		{"{\"name\":\"a\",\"n\":10}", "n is out of range"},
		{"{\"name\":\"a\",\"n\":-1}", "n is out of range"},
		{"{\"name\":\"a\",\"n\":\"1\"}", "n is of the wrong type"},
		{"{\"name\":\"a\",\"n\":true}", "n is of the wrong type"},
		{"{\"name\":\"a\",\"b\":1}", "b is of the wrong type"},
		{"{\"name\":\"a\",\"list\":[]}", "list has too few elements"},
		{"{\"name\":\"a\",\"list\":[\"a\",\"b\",\"c\"]}",
			"list has too many elements"},
		{"{\"name\":\"a\",\"list\":{}}", "list is of the wrong type"},
		{"{\"name\":\"a\",\"list\":[\"abc\"]}", "list is too long"},
		{"{\"name\":\"a\",\"list\":[7]}", "list is of the wrong type"},
		{"{\"name\":\"a\",\"o\":[]}", "o is of the wrong type"},
		{"{\"name\":\"a\",\"admin\":true}", "admin is not known here"},
		{"{\"Name\":\"a\"}", "name is missing"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(complaint(rows[i][0]), rows[i][1]) != 0)
			fail_msg("%s: \"%s\"", rows[i][0],
				complaint(rows[i][0]));
}

static void test_failed_stays_failed(void **state)
{
	_cleanup_json_ json_t *object =
		json_pack("{s:s,s:i,s:b}", "name", "abc", "n", 3, "b", 1);
	struct json_reader r;

	(void)state;
	json_reader_init(&r, object);
	assert_null(json_reader_text(&r, "absent", 0, 9));
	assert_null(json_reader_text(&r, "name", 0, 9));
	assert_int_equal(json_reader_int(&r, "n", 0, 9), 0);
	assert_int_equal(json_reader_int_opt(&r, "n", 0, 9, 7), 7);
	assert_false(json_reader_bool(&r, "b"));
	assert_false(json_reader_bool_opt(&r, "b", true));
	assert_false(json_reader_ok(&r));
	assert_false(json_reader_done(&r));
	assert_string_equal(r.field, "absent");
}

static void test_asking_twice_fails(void **state)
{
	_cleanup_json_ json_t *object =
		json_pack("{s:s,s:i}", "name", "abc", "n", 3);
	struct json_reader r;

	(void)state;
	json_reader_init(&r, object);
	(void)json_reader_text(&r, "name", 0, 9);
	(void)json_reader_text(&r, "name", 0, 9);
	(void)json_reader_int(&r, "n", 0, 9);
	assert_false(json_reader_done(&r));
}

static void test_ignored_members(void **state)
{
	_cleanup_json_ json_t *object =
		json_pack("{s:s,s:i}", "name", "abc", "new", 3);
	struct json_reader r;

	(void)state;
	json_reader_init(&r, object);
	(void)json_reader_text(&r, "name", 0, 9);
	json_reader_ignore(&r, "name");
	json_reader_ignore(&r, "absent");
	assert_true(json_reader_ok(&r));
	json_reader_ignore(&r, "new");
	assert_true(json_reader_done(&r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_escaped_quotes),
		cmocka_unit_test(test_value_limit),
		cmocka_unit_test(test_size_limit),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_reader_complains),
		cmocka_unit_test(test_failed_stays_failed),
		cmocka_unit_test(test_asking_twice_fails),
		cmocka_unit_test(test_ignored_members),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
