/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads what is typed at the prompt: libedit, without any file of anybody,
 * and without those of its functions that do more than edit a line.
 */
#ifndef JUMP_JUMPSHELL_LINE_H
#define JUMP_JUMPSHELL_LINE_H

#include "jumpshell/guard.h"
#include "jumpshell/shell.h"

struct line_editor;

/* NULL when the terminal can't be edited on. */
struct line_editor *line_open(struct shell *s, struct guard *session);
void line_close(struct line_editor *l);

/*
 * One line, without its newline, good until the next call; NULL at the end
 * of input, or when the session must end (then *ret_reason says why).
 */
const char *line_read(
	struct line_editor *l, size_t *ret_len, const char **ret_reason);

#endif
