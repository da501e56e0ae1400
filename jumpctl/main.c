/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jumpctl: finds the verb in the tables, takes the options that all verbs
 * share, runs it. A verb is done only when its output was written.
 */
#include "config.h"
#include "jumpctl/command.h"

#include <stdio.h>
#include <string.h>

#include "base/proc.h"

const struct command *const command_tables[] = {
	clock_commands,
	completion_commands,
	credential_commands,
	decide_commands,
	doctor_commands,
	grants_commands,
	inventory_commands,
	join_commands,
	policy_commands,
	request_commands,
	target_commands,
	user_commands,
	health_commands,
	recording_commands,
	sessions_commands,
	zone_commands,
	NULL,
};

/* Takes --json and --help out of argv, up to "--". */
static int take_common(int argc, char **argv, bool *ret_json, bool *ret_help)
{
	int kept = 0;
	bool rest = false;

	for (int i = 0; i < argc; i++) {
		rest = rest || strcmp(argv[i], "--") == 0;
		if (!rest && strcmp(argv[i], "--json") == 0)
			*ret_json = true;
		else if (!rest && (strcmp(argv[i], "--help") == 0 ||
					  strcmp(argv[i], "-h") == 0))
			*ret_help = true;
		else
			argv[kept++] = argv[i];
	}
	argv[kept] = NULL;
	return kept;
}

static int no_such_verb(int argc, char **argv, bool help)
{
	if (command_count_under(argc, argv) == 0)
		return command_unknown(argc, argv);
	command_help_group(help ? stdout : stderr, argc, argv);
	return help ? EXIT_OK : EXIT_USAGE;
}

static int dispatch(int argc, char **argv)
{
	struct invocation in = {0};
	bool help = false;
	int words = 0;

	argc = take_common(argc, argv, &in.json, &help);
	if (argc == 0) {
		command_help_all(help ? stdout : stderr);
		return help ? EXIT_OK : EXIT_USAGE;
	}
	if (strcmp(argv[0], "--version") == 0) {
		puts(PACKAGE_STRING);
		return EXIT_OK;
	}
	in.command = command_find(argc, argv, &words);
	if (!in.command)
		return no_such_verb(argc, argv, help);
	if (help) {
		command_help(stdout, in.command);
		return EXIT_OK;
	}
	in.argc = argc - (words - 1);
	in.argv = argv + (words - 1);
	return in.command->run(&in);
}

int main(int argc, char **argv)
{
	static const char *const keep[] = {"NO_COLOR", NULL};
	int r = proc_harden(0, keep), code;

	if (r < 0) {
		fprintf(stderr, "jumpctl: cannot start safely: %s\n",
			strerror(-r));
		return EXIT_FAILED;
	}
	code = dispatch(argc > 0 ? argc - 1 : 0, argc > 0 ? argv + 1 : argv);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "jumpctl: the output could not be written\n");
		return EXIT_FAILED;
	}
	return code;
}
