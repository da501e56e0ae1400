/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Help, made from the tables alone.
 */
#include "jumpctl/command.h"

#include <string.h>

static void summary_line(FILE *out, const struct command *c)
{
	fprintf(out, "  %-18s %s\n", c->words, c->summary);
}

void command_help_all(FILE *out)
{
	fputs("usage: jumpctl VERB [ARGUMENTS] [--json]\n\n", out);
	for (size_t t = 0; command_tables[t]; t++) {
		for (const struct command *c = command_tables[t]; c->words; c++)
			summary_line(out, c);
	}
	fputs("\n'jumpctl VERB --help' says more, and so does jumpctl(1).\n",
		out);
}

void command_help_group(FILE *out, int argc, char **argv)
{
	fputs("usage: jumpctl", out);
	for (int i = 0; i < argc; i++)
		fprintf(out, " %s", argv[i]);
	fputs(" VERB [ARGUMENTS] [--json]\n\n", out);
	for (size_t t = 0; command_tables[t]; t++) {
		for (const struct command *c = command_tables[t]; c->words;
			c++) {
			if (command_is_under(c, argc, argv))
				summary_line(out, c);
		}
	}
}

static void usage_line(FILE *out, const struct command *c)
{
	fprintf(out, "usage: jumpctl %s%s%s [--json]\n", c->words,
		c->args && *c->args ? " " : "", c->args ? c->args : "");
}

void command_help(FILE *out, const struct command *c)
{
	usage_line(out, c);
	fprintf(out, "\n%c%s.\n", c->summary[0], c->summary + 1);
	if (c->help)
		fprintf(out, "\n%s", c->help);
}
