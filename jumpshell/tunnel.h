/* SPDX-License-Identifier: BSD-2-Clause */
/* What to type elsewhere for what jumpshell can't carry itself. */
#ifndef JUMP_JUMPSHELL_TUNNEL_H
#define JUMP_JUMPSHELL_TUNNEL_H

#include "jumpshell/shell.h"

/* One screen: for each target that a tunnel is open to, and each program. */
void tunnel_print(struct shell *s);

#endif
