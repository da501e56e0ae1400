/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Tab may add to a line of the menu: commands, targets that are open,
 * and for `tunnel` what is open there.
 */
#ifndef JUMP_JUMPSHELL_COMPLETE_H
#define JUMP_JUMPSHELL_COMPLETE_H

#include "jumpshell/shell.h"

#define COMPLETE_SIZE (NAME_SIZE + 1)

/*
 * The line is the len bytes before the cursor. Returns how many words it may
 * go on with; ret_rest is what all of them have in common, and a blank behind
 * it when there is one. "" when there is nothing to add.
 */
size_t complete_line(struct shell *s, const char *line, size_t len,
	char ret_rest[COMPLETE_SIZE]);

#endif
