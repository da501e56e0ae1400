/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gate's process: it gets the client's descriptors, and from then on
 * nobody else has them.
 */
#ifndef JUMP_JUMPSHELL_FILEGATE_H
#define JUMP_JUMPSHELL_FILEGATE_H

#include <stdbool.h>
#include <sys/types.h>

struct filegate {
	pid_t pid;
	int control; /* seqpacket, sftp/control.h; -1: none */
	int status;  /* once it has ended */
};

/* 0 or -errno. */
int filegate_start(struct filegate *g);

/* Has it ended? */
bool filegate_gone(struct filegate *g);

/* Ends it, if it is still there, and waits for it. */
void filegate_end(struct filegate *g);

#endif
