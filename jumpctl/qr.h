/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A QR code on a terminal: two rows of it a line, in colours of its own, so
 * that it reads on dark and light ones alike.
 */
#ifndef JUMP_JUMPCTL_QR_H
#define JUMP_JUMPCTL_QR_H

#include <stdio.h>

/* 0, or -EMSGSIZE when the text does not fit into a code. */
int qr_print(FILE *out, const char *text);

#endif
