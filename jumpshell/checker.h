/* SPDX-License-Identifier: BSD-2-Clause */
/* jumpshell's side of the file check; see doc/architecture.md, "check.sock".*/
#ifndef JUMP_JUMPSHELL_CHECKER_H
#define JUMP_JUMPSHELL_CHECKER_H

#include "jumpshell/ask.h"

/* The worker has less: its program is ended after CHECK_TIME_MS. */
#define CHECKER_WAIT_MS 150000

struct checker_request {
	const char *conn;
	const char *target;
	const char *name; /* of the file, any bytes */
	int file;	  /* in memory, sealed */
};

/* Asks; the answer comes later. A descriptor to wait at, or -errno. */
int checker_begin(const struct checker_request *q);

/*
 * Takes the answer when there is something to read. 0: it may go on; -EACCES
 * with the reason in ret_answer->reason and words for people in ->text;
 * another -errno: there is no verdict.
 */
int checker_answer(int fd, struct ask_answer *ret_answer);

#endif
