/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "ssh BASTION cert TARGET < key.pub": a certificate of minutes for a key of
 * the person's own, for clients that hop through (-J) to a target whose zone
 * has a CA. What may be reached by it is what the tunnel may reach anyway.
 */
#ifndef JUMP_JUMPSHELL_CERTIFY_H
#define JUMP_JUMPSHELL_CERTIFY_H

#include "jumpshell/shell.h"

/*
 * Takes one Ed25519 public key from standard input, comment and all, and
 * prints its certificate. Returns an exit status; what is wrong was said.
 */
int certify_run(struct shell *s, const char *target);

#endif
