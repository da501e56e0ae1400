/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A large plant for the figures: 10,000 users with 50,000 grants on 500
 * targets, 500 windows open.
 */
#ifndef JUMP_TESTS_BENCH_LARGE_H
#define JUMP_TESTS_BENCH_LARGE_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#define LARGE_USERS	10000
#define LARGE_GRANTS	50000
#define LARGE_OPEN	500
#define LARGE_ZONES	20
#define LARGE_TARGETS	500
#define LARGE_SUPPLIERS 20
#define LARGE_UID0	1900000000

/* The payload; the first grant lasts `longer` seconds more. */
json_t *large_snapshot(int serial, int64_t now, int64_t longer);

/* The policy of it, as the files of policy.d say it. */
void large_policy(FILE *out);

#endif
