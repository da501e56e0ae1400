/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text that shows what it is: UTF-8 (RFC 3629) without control characters
 * but the tab, and without the invisible ones that change how a line is
 * displayed (Unicode's bidirectional and zero-width formatting).
 */
#ifndef JUMP_POLICY_UTF8_H
#define JUMP_POLICY_UTF8_H

#include <stdbool.h>
#include <stddef.h>

bool utf8_is_plain(const char *bytes, size_t len);

/* The same within ASCII. */
bool ascii_is_plain(const char *text);

#endif
