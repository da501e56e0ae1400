/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How every verb speaks of what went wrong, reads its options, and colours.
 */
#include "jumpctl/command.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/suggest.h"

static void say(const struct invocation *in, const char *format, va_list ap)
{
	fprintf(stderr, "jumpctl %s: ", in->command->words);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
}

int command_usage(const struct invocation *in, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(in, format, ap);
	va_end(ap);
	fprintf(stderr, "usage: jumpctl %s %s\n", in->command->words,
		in->command->args ? in->command->args : "");
	return EXIT_USAGE;
}

int command_failed(const struct invocation *in, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(in, format, ap);
	va_end(ap);
	return EXIT_FAILED;
}

static void option_unknown(const struct invocation *in,
	const struct option *options, const char *written)
{
	struct suggest s = {.word = written + strspn(written, "-")};

	for (size_t i = 0; options[i].name; i++)
		suggest_consider(&s, options[i].name);
	if (s.best)
		command_usage(in,
			"unknown option \"%s\"; did you mean \"--%s\"?",
			written, s.best);
	else
		command_usage(in, "unknown option \"%s\"", written);
}

int command_option(const struct invocation *in, const struct option *options)
{
	int c;

	opterr = 0;
	c = getopt_long(in->argc, in->argv, ":", options, NULL);
	if (c == ':')
		command_usage(in, "%s needs a value", in->argv[optind - 1]);
	else if (c == '?')
		option_unknown(in, options, in->argv[optind - 1]);
	return c == ':' ? '?' : c;
}

const char *command_colour(enum colour c)
{
	static const char *const sequences[] = {
		[COLOUR_OFF] = "\033[0m",
		[COLOUR_GOOD] = "\033[32m",
		[COLOUR_BAD] = "\033[31m",
		[COLOUR_DIM] = "\033[2m",
	};
	const char *term = getenv("TERM");
	const char *none = getenv("NO_COLOR");

	if (!isatty(STDOUT_FILENO) || !term || strcmp(term, "dumb") == 0 ||
		(none && *none))
		return "";
	return sequences[c];
}
