/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Free text of people (purposes, reasons, names of persons) that other people
 * decide by: what it shows must be what it is.
 */
#ifndef JUMP_APPROVALS_RULES_TEXT_H
#define JUMP_APPROVALS_RULES_TEXT_H

#include <stdbool.h>

/*
 * True for valid UTF-8 without control characters, line and paragraph
 * separators, and the invisible or direction-changing characters that make a
 * text look like another (Unicode Cc, Cf of that kind, Zl, Zp, noncharacters).
 * Source: Unicode TR 36 section 3; threat A-SPOOF.
 */
bool text_plain(const char *text);

#endif
