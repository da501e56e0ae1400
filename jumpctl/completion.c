/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `jumpctl completion bash`: completion for the shell, made from the tables,
 * so that a verb completes as soon as it has a row.
 */
#include "jumpctl/command.h"

#include <string.h>

/* The options that stand in a row's argument text: "[--dir DIR]". */
static void print_options(const char *args)
{
	const char *p = args ? args : "";

	while ((p = strstr(p, "--"))) {
		size_t len = 2 + strspn(p + 2, "abcdefghijklmnopqrstuvwxyz-");

		printf(" %.*s", (int)len, p);
		p += len;
	}
}

static const char head[] =
	"# bash completion of jumpctl; made by 'jumpctl completion bash'\n"
	"_jumpctl()\n"
	"{\n"
	"\tlocal cur=\"${COMP_WORDS[COMP_CWORD]}\" line='' n=0 row verb\n"
	"\tlocal -a next=()\n"
	"\tlocal -A rows=(\n";

/*
 * The longest row that the words so far begin with gives options; every row
 * that goes on with more words gives its next one.
 */
static const char tail[] =
	"\t)\n"
	"\tfor ((n = 1; n < COMP_CWORD; n++)); do\n"
	"\t\t[[ ${COMP_WORDS[n]} == -* ]] || line+=\"${COMP_WORDS[n]} \"\n"
	"\tdone\n"
	"\tif [[ ${COMP_WORDS[COMP_CWORD - 1]} == --dir ]]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -d -- \"$cur\")\n"
	"\t\treturn\n"
	"\tfi\n"
	"\tfor row in \"${!rows[@]}\"; do\n"
	"\t\tif [[ \"$row \" == \"$line\"* && \"$row \" != \"$line\" ]]; "
	"then\n"
	"\t\t\tverb=\"${row#\"$line\"}\"\n"
	"\t\t\tnext+=(\"${verb%% *}\")\n"
	"\t\telif [[ $line == \"$row \"* ]]; then\n"
	"\t\t\t[[ $cur == -* ]] && next+=(${rows[$row]})\n"
	"\t\tfi\n"
	"\tdone\n"
	"\tmapfile -t COMPREPLY < <(compgen -W \"${next[*]}\" -- \"$cur\" |\n"
	"\t\tsort -u)\n"
	"}\n"
	"complete -F _jumpctl jumpctl\n";

static int completion_bash(const struct invocation *in)
{
	if (in->argc > 1)
		return command_usage(in, "there is nothing to add");
	fputs(head, stdout);
	for (size_t t = 0; command_tables[t]; t++) {
		for (const struct command *c = command_tables[t]; c->words;
			c++) {
			printf("\t\t['%s']='--json --help", c->words);
			print_options(c->args);
			puts("'");
		}
	}
	fputs(tail, stdout);
	return EXIT_OK;
}

const struct command completion_commands[] = {
	{
		.words = "completion bash",
		.args = "",
		.summary = "Print completion for bash",
		.run = completion_bash,
		.help = "The package installs it; for this shell alone:\n"
			"  source <(jumpctl completion bash)\n",
	},
	{0},
};
