/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs the program that judges one file. */
#ifndef JUMP_WORKERS_CHECK_JUDGE_H
#define JUMP_WORKERS_CHECK_JUDGE_H

#include <stdbool.h>
#include <sys/types.h>

#define JUDGE_TEXT_SIZE 161

struct judge {
	const char *const *argv; /* argv[0]: an absolute path */
	uid_t owner;		 /* who the program must belong to */
	int file;		 /* its standard input */
	int timeout_ms;
};

struct verdict {
	bool good;	    /* it ended with 0; all else is a refusal */
	const char *reason; /* "found", "timeout", "program" */
	/* The first line it said, printable ASCII; "" for none. */
	char text[JUDGE_TEXT_SIZE];
};

/*
 * Waits for it, at most timeout_ms; then it and what it has started are
 * killed. Total: whatever happens, ret_verdict is filled, and only an exit
 * with 0 in time is good.
 */
void judge_run(const struct judge *j, struct verdict *ret_verdict);

#endif
