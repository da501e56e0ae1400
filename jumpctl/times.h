/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Times as people type them.
 */
#ifndef JUMP_JUMPCTL_TIMES_H
#define JUMP_JUMPCTL_TIMES_H

#include <stdint.h>

/*
 * "now"; "+90m", "+2h", "+1d" after `from`; RFC 3339 with Z or an offset,
 * seconds may be left out: "2026-11-23T18:00+01:00". UTC seconds.
 * 0 or -EINVAL.
 */
int times_parse(const char *text, int64_t now, int64_t from, int64_t *ret_sec);

#endif
