/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The key pair of one connection, and the files of it that ssh reads or
 * writes: held in memory by jump-keypair (see keyholder.c) until they are let
 * go.
 */
#ifndef JUMP_JUMPSHELL_KEYPAIR_H
#define JUMP_JUMPSHELL_KEYPAIR_H

#include <sys/types.h>

#include "jumpshell/sshkey.h"

#define KEYPAIR_PATH_SIZE 40
#define KEYPAIR_HOPS_MAX  4

struct keypair {
	pid_t pid;
	int alive;  /* closing it ends the helper; -1 */
	int answer; /* the public line comes from here; -1 */
	int hosts;  /* memory files to be filled; -1 */
	size_t hops;
	struct {
		int certificate, config;
		int log; /* outlives keypair_end(): keypair_done() */
	} hop[KEYPAIR_HOPS_MAX];
	char public_line[SSHKEY_PUBLIC_SIZE];
};

/* What ssh is to read, as paths: descriptors of the helper. */
#define KEYPAIR_PRIVATE	       3
#define KEYPAIR_HOSTS	       4
#define KEYPAIR_CERTIFICATE(i) (5 + 3 * (int)(i))
#define KEYPAIR_CONFIG(i)      (6 + 3 * (int)(i))
#define KEYPAIR_LOG(i)	       (7 + 3 * (int)(i)) /* ssh writes it */
#define KEYPAIR_FDS	       (5 + 3 * KEYPAIR_HOPS_MAX)

/* Starts the helper; it works while we do other things. 0 or -errno. */
int keypair_begin(struct keypair *k, size_t hops);
/* Waits for the public line. 0 or -errno. */
int keypair_ready(struct keypair *k);
void keypair_path(const struct keypair *k, int which,
	char ret_path[KEYPAIR_PATH_SIZE]);
/* Lets everything go but the logs; fine on one that never began. */
void keypair_end(struct keypair *k);
/* The logs as well. */
void keypair_done(struct keypair *k);

/* None: before keypair_begin(), and what keypair_done() leaves. */
extern const struct keypair keypair_none;

#endif
