/* SPDX-License-Identifier: BSD-2-Clause */
/* Of a flood of refusals each one is told or counted, and few are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "audit/tally.h"
#include "base/cleanup.h"

static struct tally tally;
static const struct tally_who tech = {7, "acme-tech1", "a-session"};

static int empty(void **state)
{
	tally = (struct tally){0};
	return 0;
}

/* As whoever refuses does it; true: told. */
static bool refuse(const struct tally_who *who, const char *reason, int64_t now)
{
	bool tells = tally_tells(&tally, who->uid, reason, now);

	tally_add(&tally, who, reason, tells, now);
	return tells;
}

static void the_first_are_told_the_rest_is_counted(void **state)
{
	struct tally_row row;
	int told = 0;

	for (int i = 0; i < 10000; i++)
		told += refuse(&tech, "target", 1000 + i);
	assert_int_equal(told, TALLY_FIRST);
	assert_true(tally_holds(&tally));
	assert_false(tally_take(&tally, false, 11000, &row));
	assert_true(tally_take(&tally, false, 1000 + TALLY_SPAN_MS, &row));
	assert_int_equal(row.held, 10000 - TALLY_FIRST);
	assert_int_equal(row.told, TALLY_FIRST);
	assert_int_equal(row.uid, 7);
	assert_string_equal(row.reason, "target");
	assert_string_equal(row.user, "acme-tech1");
	assert_string_equal(row.session, "a-session");
	assert_int_equal(row.since_ms, 1000);
	assert_false(tally_take(&tally, true, 1000 + TALLY_SPAN_MS, &row));
	assert_false(tally_holds(&tally));
}

static void few_are_told_as_they_are(void **state)
{
	struct tally_row row;
	int64_t now = 1;

	for (int i = 0; i < 100; i++, now += 3100)
		assert_true(refuse(&tech, "target", now));
	assert_false(tally_holds(&tally));
	assert_false(tally_take(&tally, true, now, &row));
}

/* A flood that goes on: a count a minute, and none of it is lost. */
static void each_minute_has_its_count(void **state)
{
	uint64_t told = 0, counted = 0, records = 0, all = 0;
	struct tally_row row;

	for (int64_t now = 1; now < 10 * 60000; now += 6, all++) {
		while (tally_take(&tally, false, now, &row)) {
			counted += row.held;
			records++;
		}
		told += refuse(&tech, "limit", now);
	}
	while (tally_take(&tally, true, 0, &row)) {
		counted += row.held;
		records++;
	}
	assert_int_equal(told + counted, all);
	assert_int_equal(records, 10);
	assert_int_equal(told, 10 * TALLY_FIRST);
}

/* Nobody came to take it in time: the count goes on until it is told. */
static void what_is_held_is_told_before_more_are(void **state)
{
	struct tally_row row;

	for (int i = 0; i < TALLY_FIRST + 5; i++)
		(void)refuse(&tech, "target", 1);
	assert_false(refuse(&tech, "target", 5 * TALLY_SPAN_MS));
	assert_true(tally_take(&tally, false, 5 * TALLY_SPAN_MS, &row));
	assert_int_equal(row.held, 6);
	assert_true(refuse(&tech, "target", 5 * TALLY_SPAN_MS));
}

static void users_and_reasons_are_apart(void **state)
{
	const struct tally_who other = {8, "acme-tech2", NULL};

	for (int i = 0; i < 1000; i++)
		(void)refuse(&tech, "target", 1);
	assert_true(refuse(&tech, "limit", 1));
	assert_true(refuse(&other, "target", 1));
	assert_false(refuse(&tech, "target", 1));
}

static void more_than_there_are_rows_are_counted_together(void **state)
{
	uint64_t counted = 0;
	struct tally_row row;
	int told = 0;

	for (uint32_t uid = 1; uid <= 1000; uid++) {
		const struct tally_who who = {uid, "somebody", "a-session"};

		told += refuse(&who, "target", 1);
	}
	assert_int_equal(told, TALLY_ROWS - 1 + TALLY_FIRST);
	while (tally_take(&tally, true, 2, &row)) {
		counted += row.held;
		assert_string_equal(row.reason, TALLY_SEVERAL);
		assert_string_equal(row.user, "");
		assert_int_equal(row.uid, 0);
	}
	assert_int_equal(told + counted, 1000);
}

static void texts_are_cut_to_fit(void **state)
{
	char text[200];
	const struct tally_who who = {7, text, text};
	struct tally_row row;

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < TALLY_FIRST + 2; i++)
		(void)refuse(&who, text, 1);
	assert_true(tally_take(&tally, true, 2, &row));
	assert_int_equal(row.held, 2);
	assert_int_equal(strlen(row.reason), TALLY_REASON_SIZE - 1);
	assert_int_equal(strlen(row.user), NAME_SIZE - 1);
	assert_int_equal(strlen(row.session), UUID_SIZE - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			the_first_are_told_the_rest_is_counted, empty),
		cmocka_unit_test_setup(few_are_told_as_they_are, empty),
		cmocka_unit_test_setup(each_minute_has_its_count, empty),
		cmocka_unit_test_setup(
			what_is_held_is_told_before_more_are, empty),
		cmocka_unit_test_setup(users_and_reasons_are_apart, empty),
		cmocka_unit_test_setup(
			more_than_there_are_rows_are_counted_together, empty),
		cmocka_unit_test_setup(texts_are_cut_to_fit, empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
