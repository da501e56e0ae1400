/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A folder that stands for "/" of the bastion: the module under test is built
 * with it in front of its paths. Made anew for each test.
 */
#ifndef JUMP_TESTS_PAMROOT_H
#define JUMP_TESTS_PAMROOT_H

#include <sys/types.h>

void pamroot_make(void);
void pamroot_write(const char *path, const char *text, mode_t mode);
void pamroot_remove(const char *path);
void pamroot_expect(const char *path, const char *text);
/* Trusted time is the host's; health is well. */
void pamroot_clock(int trusted, long long shift_ms);
void pamroot_health(const char *audit, long long age_ms);

#endif
