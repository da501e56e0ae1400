/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Setters of what a conduit says of files: which way, by which names, and
 * what looks at them first.
 */
#include "policy/set.h"

#include <string.h>

#include "policy/utf8.h"

SETTER(set_files)
{
	static const char *const choices[] = {"none", "up", "down", NULL};
	struct conduit *c = d->object;
	const char *at = value;
	char word[SET_WORD_SIZE];
	unsigned files = 0, words = 0;
	bool none = false, bad = false;

	for (; set_next_word(d, row, line, &at, word, &bad); words++) {
		int choice = set_choose(d, row, line, word, choices);

		if (choice < 0)
			return false;
		none = none || choice == 0;
		if (files & (unsigned)choice)
			return draft_refuse(d, line, "%s names \"%s\" twice",
				row->name, word);
		files |= (unsigned)choice; /* FILES_UP is 1, FILES_DOWN 2 */
	}
	if (none && words > 1)
		return draft_refuse(d, line,
			"%s is none, or up, or down, or up down", row->name);
	if (!bad)
		c->files = (uint8_t)files;
	return !bad;
}

/* What a pattern of names may hold is less than what a shell's may. */
static bool name_pattern_valid(const char *word)
{
	return !strpbrk(word, "/\\[]{}\"'") && strcmp(word, ".") != 0 &&
	       strcmp(word, "..") != 0;
}

SETTER(set_file_names)
{
	struct conduit *c = d->object;
	const char *at = value;
	char word[SET_WORD_SIZE];
	bool bad = false;

	while (set_next_word(d, row, line, &at, word, &bad)) {
		if (!name_pattern_valid(word))
			return draft_refuse(d, line,
				"%s: \"%s\" can't be; a pattern is the name of "
				"a file without folders, in which * stands for "
				"anything and ? for one character, such as %s",
				row->name, word, row->example);
		for (size_t i = 0; i < c->file_pattern_count; i++) {
			if (strcmp(c->file_patterns[i], word) == 0)
				return draft_refuse(d, line,
					"%s names \"%s\" twice", row->name,
					word);
		}
		if (c->file_pattern_count == POLICY_FILE_PATTERNS_MAX)
			return draft_refuse(d, line, "%s takes %d at most",
				row->name, POLICY_FILE_PATTERNS_MAX);
		memcpy(c->file_patterns[c->file_pattern_count++], word,
			strlen(word) + 1);
	}
	return !bad;
}

_Static_assert(SET_WORD_SIZE <= POLICY_FILE_PATTERN_SIZE,
	"a word fits where a pattern is kept");

/* A program and its arguments, as they are: no shell takes them apart. */
SETTER(set_file_check)
{
	struct conduit *c = d->object;
	size_t len = strlen(value);

	if (len >= sizeof(c->file_check))
		return draft_refuse(d, line,
			"%s has %zu bytes; %zu are the "
			"most",
			row->name, len, sizeof(c->file_check) - 1);
	if (value[0] != '/' || value[1] == '\0' || strchr(" /\t", value[1]))
		return draft_refuse(d, line,
			"%s takes the absolute path of a program, and its "
			"arguments behind it, such as %s; not \"%.40s\"",
			row->name, row->example, value);
	if (!ascii_is_plain(value) || strpbrk(value, "\"'\\`$;|&<>\t"))
		return draft_refuse(d, line,
			"%s is run without a shell: a path and words of plain "
			"ASCII with blanks between them, without quotes and "
			"signs of a shell",
			row->name);
	memcpy(c->file_check, value, len + 1);
	return true;
}
