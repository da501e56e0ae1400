/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All that can be said to jumpshell, as one table; what is not in it is the
 * name of a target or is refused.
 */
#ifndef JUMP_JUMPSHELL_COMMANDS_H
#define JUMP_JUMPSHELL_COMMANDS_H

#include "jumpshell/shell.h"

struct command {
	const char *word;
	const char *args;
	const char *summary;
	int (*run)(struct shell *s, const char *rest, size_t rest_len);
};

extern const struct command commands[]; /* ends with a row without word */

/* Runs what was typed, or what came as ssh's remote command (menu false).
 * Returns an exit status; what is wrong was said in one line. */
int command_run(struct shell *s, const char *text, size_t len, bool menu);

#endif
