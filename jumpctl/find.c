/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From words on a command line to a row of the tables.
 */
#include "jumpctl/command.h"

#include <string.h>

#include "policy/suggest.h"

#define WORDS_SIZE 64

/*
 * How many of argv's words the row's words are, when they agree as far as
 * both go; 0 when they differ. *ret_whole: the row has no more.
 */
static int words_agree(
	const char *words, int argc, char **argv, bool *ret_whole)
{
	int n = 0;

	*ret_whole = false;
	while (n < argc) {
		size_t len = strcspn(words, " ");

		if (strlen(argv[n]) != len || strncmp(words, argv[n], len) != 0)
			return 0;
		n++;
		words += len;
		if (!*words) {
			*ret_whole = true;
			return n;
		}
		words++;
	}
	return n;
}

const struct command *command_find(int argc, char **argv, int *ret_words)
{
	const struct command *best = NULL;
	int best_words = 0;

	for (size_t t = 0; command_tables[t]; t++) {
		for (const struct command *c = command_tables[t]; c->words;
			c++) {
			bool whole;
			int n = words_agree(c->words, argc, argv, &whole);

			if (whole && n > best_words) {
				best = c;
				best_words = n;
			}
		}
	}
	if (best)
		*ret_words = best_words;
	return best;
}

bool command_is_under(const struct command *c, int argc, char **argv)
{
	bool whole;

	return words_agree(c->words, argc, argv, &whole) == argc;
}

int command_count_under(int argc, char **argv)
{
	int count = 0;

	for (size_t t = 0; command_tables[t]; t++) {
		for (const struct command *c = command_tables[t]; c->words; c++)
			count += command_is_under(c, argc, argv);
	}
	return count;
}

/* Compares the row's first `count` words with those that were written. */
static void consider_row(struct suggest *s, const struct command *c, int count,
	char text[WORDS_SIZE])
{
	size_t len = 0;

	for (int n = 0; n < count; n++) {
		if (n > 0 && c->words[len] == ' ')
			len++;
		len += strcspn(c->words + len, " ");
	}
	if (len >= WORDS_SIZE)
		return;
	memcpy(text, c->words, len);
	text[len] = '\0';
	suggest_consider(s, text);
}

static bool consider_all(const char *written, int count, char best[WORDS_SIZE])
{
	struct suggest s = {.word = written};
	char text[WORDS_SIZE];

	for (size_t t = 0; command_tables[t]; t++) {
		for (const struct command *c = command_tables[t]; c->words;
			c++) {
			const char *before = s.best;

			s.best = before ? best : NULL;
			consider_row(&s, c, count, text);
			if (s.best == text)
				memcpy(best, text, sizeof(text));
		}
	}
	return s.best != NULL;
}

int command_unknown(int argc, char **argv)
{
	char written[WORDS_SIZE], best[WORDS_SIZE];
	bool found = false;
	int shown = 1;

	if (argc > 0 && argv[0][0] == '-') {
		fprintf(stderr, "jumpctl: unknown option \"%s\"\n", argv[0]);
		goto out;
	}
	/* The first word that no verb goes on with is the wrong one. */
	while (shown < argc && command_count_under(shown, argv) > 0)
		shown++;
	written[0] = '\0';
	for (int i = 0; i < shown; i++) {
		size_t len = strlen(written);

		snprintf(written + len, sizeof(written) - len, "%s%s",
			i ? " " : "", argv[i]);
	}
	found = consider_all(written, shown, best);
	fprintf(stderr, "jumpctl: there is no \"%s\"", written);
	if (found)
		fprintf(stderr, "; did you mean \"%s\"?", best);
	fputc('\n', stderr);
out:
	fprintf(stderr, "'jumpctl --help' lists what there is.\n");
	return EXIT_USAGE;
}
