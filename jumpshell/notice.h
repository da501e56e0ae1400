/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One line of ours on a terminal that a target is drawing on.
 */
#ifndef JUMP_JUMPSHELL_NOTICE_H
#define JUMP_JUMPSHELL_NOTICE_H

#include <stddef.h>

#define NOTICE_MAX 512

/*
 * The bytes that show `text` on the top line and leave everything else as it
 * was: cursor saved, line written in reverse within `cols`, cursor restored.
 * The top line, because a prompt is seldom there. Returns the length.
 */
size_t notice_format(const char *text, unsigned cols, char ret[NOTICE_MAX]);

/* Puts a terminal right that a program was cut off on: the ordinary screen,
 * a visible cursor, no mouse reports, no bracketed paste. */
extern const char notice_reset[];

#endif
