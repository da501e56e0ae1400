/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * After ssh has ended by itself: what it had to say about each hop, in words
 * that help, and what has to be told about it.
 */
#ifndef JUMP_JUMPSHELL_AFTERMATH_H
#define JUMP_JUMPSHELL_AFTERMATH_H

#include "jumpshell/link.h"

/*
 * Prints it on stderr, reports a stored credential that was not accepted, and
 * writes down what a target offers that nobody allows. status: ssh's.
 */
void aftermath(const struct link *l, int status);

#endif
