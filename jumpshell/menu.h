/* SPDX-License-Identifier: BSD-2-Clause */
/* A login on a terminal without a command: banner, prompt, until it is over. */
#ifndef JUMP_JUMPSHELL_MENU_H
#define JUMP_JUMPSHELL_MENU_H

#include "jumpshell/shell.h"

/* Returns the exit status of the login. */
int menu_run(struct shell *s);

#endif
