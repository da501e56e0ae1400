/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The administrator's command as one table: each verb is a row, lives in a
 * file of its own, and gets help, completion and --json from the same place.
 */
#ifndef JUMP_JUMPCTL_COMMAND_H
#define JUMP_JUMPCTL_COMMAND_H

#include <stdbool.h>

/* Exit codes of every verb. */
enum {
	EXIT_OK = 0,
	EXIT_NO = 1,     /* the answer is no: policy refuses, check failed */
	EXIT_USAGE = 2,  /* the call's words are off */
	EXIT_FAILED = 3, /* could not be done; stderr says why and what to do */
};

struct invocation {
	bool json;
	int argc;    /* what follows the verb's words and common options */
	char **argv; /* argv[0] is the verb's last word */
};

struct command {
	const char *words;   /* "policy check" */
	const char *args;    /* "[--dir DIR]", for usage */
	const char *summary; /* one line */
	int (*run)(const struct invocation *in);
};

/* Each file of verbs exports one NULL-terminated table, listed in main.c. */
extern const struct command policy_commands[];
extern const struct command grants_commands[];

#endif
