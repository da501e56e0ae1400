/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The broker of a file session: starts the gate, which has the client's bytes
 * and the targets', and does for it what it can't do itself: decide, connect,
 * record, write events, have a file checked, and end what is over.
 */
#ifndef JUMP_JUMPSHELL_FILES_H
#define JUMP_JUMPSHELL_FILES_H

#include "jumpshell/shell.h"

/* Until the client leaves, or nothing is open any more. The exit status. */
int files_run(struct shell *s);

#endif
