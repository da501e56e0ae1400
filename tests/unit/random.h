/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Seeded randomness for property tests: the seed is printed, and
 * JUMP_TEST_SEED=N plays a failure again.
 */
#ifndef JUMP_TESTS_RANDOM_H
#define JUMP_TESTS_RANDOM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t random_state;

static inline void random_seed(const char *test)
{
	const char *given = getenv("JUMP_TEST_SEED");

	random_state = given ? strtoull(given, NULL, 10)
			     : (uint64_t)time(NULL) * 2654435761u;
	printf("%s: JUMP_TEST_SEED=%llu\n", test,
		(unsigned long long)random_state);
}

/* splitmix64 */
static inline uint64_t random_next(void)
{
	uint64_t z = (random_state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static inline size_t random_below(size_t n)
{
	return (size_t)(random_next() % n);
}

static inline bool random_one_in(size_t n)
{
	return random_below(n) == 0;
}

#endif
