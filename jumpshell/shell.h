/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One login: who it is, what they may do, where they sit.
 */
#ifndef JUMP_JUMPSHELL_SHELL_H
#define JUMP_JUMPSHELL_SHELL_H

#include "jumpshell/access.h"
#include "jumpshell/terminal.h"
#include "jumpshell/witness.h"

#define SHELL_USAGE	 2   /* the words were off */
#define SHELL_REFUSED	 255 /* as ssh itself says that it could not */

#define SHELL_LISTED_MAX 99

struct shell {
	struct access access;
	struct witness witness;
	struct terminal terminal;
	bool leaving;	 /* "exit" was said, or nothing is left to do */
	int last_status; /* of the last connection */
	/* the numbers as they were last seen: a pick means that target, even
	 * when the list has changed since */
	char listed[SHELL_LISTED_MAX][NAME_SIZE];
	size_t listed_count;
};

#endif
