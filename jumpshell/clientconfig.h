/* SPDX-License-Identifier: BSD-2-Clause */
/* What a person puts into ~/.ssh/config. */
#ifndef JUMP_JUMPSHELL_CLIENTCONFIG_H
#define JUMP_JUMPSHELL_CLIENTCONFIG_H

#include "jumpshell/shell.h"

/* A block for it: all that is open now, each target by its name. */
void clientconfig_print(struct shell *s);

#endif
