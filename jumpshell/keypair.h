/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The key pair of one connection, and the files of it that ssh reads: held
 * in memory by jump-keypair (see keyholder.c) until they are let go.
 */
#ifndef JUMP_JUMPSHELL_KEYPAIR_H
#define JUMP_JUMPSHELL_KEYPAIR_H

#include <sys/types.h>

#include "jumpshell/sshkey.h"

#define KEYPAIR_PATH_SIZE 40

struct keypair {
	pid_t pid;
	int alive;		/* closing it ends the helper; -1 */
	int answer;		/* the public line comes from here; -1 */
	int certificate, hosts; /* memory files to be filled; -1 */
	char public_line[SSHKEY_PUBLIC_SIZE];
};

/* What ssh is to read, as paths: descriptors of the helper. */
enum keypair_file {
	KEYPAIR_PRIVATE = 3,
	KEYPAIR_CERTIFICATE = 4,
	KEYPAIR_HOSTS = 5,
};

/* Starts the helper; it works while we do other things. 0 or -errno. */
int keypair_begin(struct keypair *k);
/* Waits for the public line. 0 or -errno. */
int keypair_ready(struct keypair *k);
void keypair_path(const struct keypair *k, enum keypair_file which,
	char ret_path[KEYPAIR_PATH_SIZE]);
/* Lets everything go; fine on one that never began. */
void keypair_end(struct keypair *k);

#define KEYPAIR_NONE                                                           \
	{                                                                      \
		.pid = 0, .alive = -1, .answer = -1, .certificate = -1,        \
		.hosts = -1                                                    \
	}

#endif
