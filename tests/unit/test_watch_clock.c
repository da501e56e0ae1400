/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clock's judgement: each row of "when things fail" that is about time,
 * and the slow walk by small steps.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "workers/watch/clock.h"

#define BOOT_UTC INT64_C(1795460000000) /* UTC of BOOTTIME 0 */
#define SECOND	 INT64_C(1000)
#define MINUTE	 (60 * SECOND)

static const struct clock_limits limits = {
	.highwater_ms = BOOT_UTC - MINUTE, .unsynced_max_ms = 60 * MINUTE};

static struct clock_look look(int64_t boot_ms, int64_t ahead_ms, bool synced)
{
	return (struct clock_look){.boot_ms = boot_ms,
		.wall_ms = BOOT_UTC + boot_ms + ahead_ms,
		.synced = synced};
}

static struct clock_state judge(const struct clock_state *prev, int64_t boot_ms,
	int64_t ahead_ms, bool synced)
{
	struct clock_look l = look(boot_ms, ahead_ms, synced);

	return clock_judge(prev, &l, &limits);
}

static void a_sane_boot_is_trusted(void **state)
{
	struct clock_state s = judge(NULL, 10 * SECOND, 0, false);

	(void)state;
	assert_true(s.trusted);
	assert_false(s.synced);
	assert_string_equal(s.why, "ok");
	assert_true(clock_now_ms(&s) == BOOT_UTC + 10 * SECOND);
	s = judge(&s, 12 * SECOND, 40, true);
	assert_true(s.trusted && s.synced);
	assert_true(clock_now_ms(&s) == BOOT_UTC + 12 * SECOND + 40);
}

static void a_step_is_doubted_either_way(void **state)
{
	static const int64_t steps[] = {
		5001, -5001, 3600 * SECOND, -3600 * SECOND};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct clock_state s = judge(NULL, 10 * SECOND, 0, true);

		s = judge(&s, 12 * SECOND, steps[i], false);
		assert_false(s.trusted);
		assert_string_equal(s.why, "step");
		/* Deadlines go on by BOOTTIME, not by the stepped clock. */
		assert_true(clock_now_ms(&s) == BOOT_UTC + 12 * SECOND);
		s = judge(&s, 20 * SECOND, steps[i], false);
		assert_false(s.trusted);
		assert_true(clock_now_ms(&s) == BOOT_UTC + 20 * SECOND);
	}
}

static void slewing_is_followed(void **state)
{
	struct clock_state s = judge(NULL, 0, 0, true);
	int64_t ahead_ms = 0;

	(void)state;
	/* 500 ppm, as ntpd and the kernel do it, for three hours. */
	for (int64_t t = 2 * SECOND; t < 180 * MINUTE; t += 2 * SECOND) {
		ahead_ms++;
		s = judge(&s, t, ahead_ms, true);
		assert_true(s.trusted);
		assert_true(s.offset_ms == BOOT_UTC + ahead_ms);
	}
}

/* Four seconds at a time: together they are a step all the same. */
static void a_slow_walk_is_a_step(void **state)
{
	struct clock_state s = judge(NULL, 0, 0, true);

	(void)state;
	s = judge(&s, 2 * SECOND, 4 * SECOND, true);
	assert_true(s.trusted);
	s = judge(&s, 4 * SECOND, 8 * SECOND, true);
	assert_false(s.trusted);
	assert_string_equal(s.why, "step");
	assert_true(s.offset_ms == BOOT_UTC + 4 * SECOND);
}

static void a_clock_of_the_past_is_doubted(void **state)
{
	struct clock_state s = judge(NULL, SECOND, -2 * MINUTE, false);

	(void)state;
	assert_false(s.trusted);
	assert_string_equal(s.why, "past");
	/* Synchronised to the past is still the past. */
	s = judge(&s, 60 * SECOND, -3 * MINUTE, true);
	assert_false(s.trusted);
	assert_string_equal(s.why, "past");
	/* Synchronised to what can be: good. */
	s = judge(&s, 62 * SECOND, 0, true);
	assert_true(s.trusted);
	assert_true(s.offset_ms == BOOT_UTC);
}

static void without_synchronisation_trust_ends(void **state)
{
	struct clock_state s = judge(NULL, 10 * SECOND, 0, true);

	(void)state;
	s = judge(&s, 60 * MINUTE, 0, false);
	assert_true(s.trusted);
	s = judge(&s, 60 * MINUTE + 11 * SECOND, 0, false);
	assert_false(s.trusted);
	assert_string_equal(s.why, "unsynchronised");
	s = judge(&s, 61 * MINUTE, 0, true);
	assert_true(s.trusted);
	/* Never synchronised since boot: the limit counts from boot. */
	s = judge(NULL, 61 * MINUTE, 0, false);
	assert_false(s.trusted);
}

static void doubt_ends_by_synchronisation(void **state)
{
	struct clock_state s = judge(NULL, 0, 0, true);

	(void)state;
	s = judge(&s, 2 * SECOND, 3600 * SECOND, true);
	assert_false(s.trusted); /* synchronised, but not yet for long */
	s = judge(&s, 4 * SECOND, 3600 * SECOND, true);
	assert_false(s.trusted);
	s = judge(&s, 8 * SECOND, 3600 * SECOND, false);
	assert_false(s.trusted);
	s = judge(&s, 10 * SECOND, 3600 * SECOND, true);
	assert_true(s.trusted);
	assert_true(clock_now_ms(&s) == BOOT_UTC + 3600 * SECOND + 10 * SECOND);
}

static void an_operator_ends_any_doubt(void **state)
{
	struct clock_look l = look(9 * SECOND, -2 * 3600 * SECOND, false);
	struct clock_limits lowered = limits;
	struct clock_state s = judge(NULL, SECOND, -2 * 3600 * SECOND, false);

	(void)state;
	assert_false(s.trusted);
	s = clock_confirmed(&l);
	assert_true(s.trusted);
	lowered.highwater_ms = clock_now_ms(&s); /* as the worker does */
	l = look(11 * SECOND, -2 * 3600 * SECOND, false);
	s = clock_judge(&s, &l, &lowered);
	assert_true(s.trusted);
	assert_true(s.offset_ms == BOOT_UTC - 2 * 3600 * SECOND);
}

/* A state of another boot is none. */
static void a_later_state_is_not_believed(void **state)
{
	struct clock_state s = judge(NULL, 500 * SECOND, 0, true);

	(void)state;
	s = judge(&s, 10 * SECOND, 7 * SECOND, true);
	assert_true(s.trusted);
	assert_true(s.offset_ms == BOOT_UTC + 7 * SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sane_boot_is_trusted),
		cmocka_unit_test(a_step_is_doubted_either_way),
		cmocka_unit_test(slewing_is_followed),
		cmocka_unit_test(a_slow_walk_is_a_step),
		cmocka_unit_test(a_clock_of_the_past_is_doubted),
		cmocka_unit_test(without_synchronisation_trust_ends),
		cmocka_unit_test(doubt_ends_by_synchronisation),
		cmocka_unit_test(an_operator_ends_any_doubt),
		cmocka_unit_test(a_later_state_is_not_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
