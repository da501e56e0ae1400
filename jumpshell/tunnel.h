/* SPDX-License-Identifier: BSD-2-Clause */
/* What to type elsewhere for what jumpshell can't carry itself. */
#ifndef JUMP_JUMPSHELL_TUNNEL_H
#define JUMP_JUMPSHELL_TUNNEL_H

#include "jumpshell/shell.h"

/* One screen: a line for each target and protocol that a tunnel is open to. */
void tunnel_list(struct shell *s);

/*
 * The lines for each program, for one target: all of its protocols, or one
 * (NULL: all). Returns an exit status; why nothing is open was said.
 */
int tunnel_explain(struct shell *s, const char *target, const struct offer *only);

#endif
