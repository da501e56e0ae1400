/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The administrator's command as one table: each verb is a row, lives in a
 * file of its own, and gets help, completion and --json from the same place.
 */
#ifndef JUMP_JUMPCTL_COMMAND_H
#define JUMP_JUMPCTL_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

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
	const struct command *command; /* the row, for messages */
};

struct command {
	const char *words;   /* "policy check" */
	const char *args;    /* "[--dir DIR]", for usage and completion */
	const char *summary; /* one line */
	int (*run)(const struct invocation *in);
	const char *help; /* more lines for --help, or NULL */
};

/*
 * Each file of verbs exports one table that ends in a row without words, and
 * is one line in command_tables of main.c (and one here).
 */
extern const struct command clock_commands[];
extern const struct command completion_commands[];
extern const struct command credential_commands[];
extern const struct command decide_commands[];
extern const struct command doctor_commands[];
extern const struct command grants_commands[];
extern const struct command inventory_commands[];
extern const struct command join_commands[];
extern const struct command policy_commands[];
extern const struct command request_commands[];
extern const struct command target_commands[];
extern const struct command user_commands[];
extern const struct command health_commands[];
extern const struct command recording_commands[];
extern const struct command sessions_commands[];
extern const struct command zone_commands[];

/* All tables, NULL-terminated. */
extern const struct command *const command_tables[];

/*
 * The row that the words at argv[0..argc) begin with, the longest match;
 * *ret_words says how many they were. NULL: none.
 */
const struct command *command_find(int argc, char **argv, int *ret_words);
/* Does the row begin with these words? How many rows do? */
bool command_is_under(const struct command *c, int argc, char **argv);
int command_count_under(int argc, char **argv);

/* Says which verb was probably meant; EXIT_USAGE. */
int command_unknown(int argc, char **argv);

/* Help of everything, of one group ("policy"), of one verb. */
void command_help_all(FILE *out);
void command_help_group(FILE *out, int argc, char **argv);
void command_help(FILE *out, const struct command *c);

/*
 * For verbs: say what is off on stderr and hand back the exit code.
 *     return command_usage(in, "PROTO is missing");
 *     return command_failed(in, "%s: %s", path, strerror(-r));
 */
int command_usage(const struct invocation *in, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int command_failed(const struct invocation *in, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * The next option of in->argv, as getopt_long(3) without short options;
 * what is wrong has been said when it returns '?': return EXIT_USAGE then.
 * Options may stand before and after other arguments; optind is where those
 * begin when it returns -1.
 */
struct option;
int command_option(const struct invocation *in, const struct option *options);

/* Escape sequences of colour for stdout: "" unless a person looks at it. */
enum colour { COLOUR_OFF = 0, COLOUR_GOOD, COLOUR_BAD, COLOUR_DIM };
const char *command_colour(enum colour c);

#endif
