/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The POSIX TZ string at the end of a TZif file ("CET-1CEST,M3.5.0,M10.5.0/3")
 * says what local time does after the last change that the file lists.
 */
#ifndef JUMP_BASE_ZONERULE_H
#define JUMP_BASE_ZONERULE_H

#include "base/zoneinfo.h"

/*
 * Parses len bytes of such a string, all of it. Returns 0 or -EBADMSG.
 * Source: RFC 9636 section 3.3.1; POSIX.1-2017 XBD 8.3 TZ.
 */
int zonerule_parse(const char *text, size_t len, struct zonerule *ret_rule);

/* Seconds to add to UTC at utc_sec. Total. */
int32_t zonerule_offset(const struct zonerule *rule, int64_t utc_sec);

#endif
