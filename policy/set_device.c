/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Setters of what old devices need: cryptography that is not good any more
 * and until when, what the bastion logs in with, and a telnet's dialogue.
 */
#include "policy/set.h"

#include <stdio.h>
#include <string.h>

#include "base/moment.h"
#include "policy/suggest.h"
#include "policy/utf8.h"

#define DAY 86400

SETTER(set_crypto)
{
	struct target *t = d->object;
	const char *at = value;
	char word[SET_WORD_SIZE], all[CRYPTO_TEXT_SIZE];
	uint32_t set = 0;
	bool bad = false;

	while (set_next_word(d, row, line, &at, word, &bad)) {
		struct suggest s = {.word = word};
		uint32_t bit = 0;

		for (size_t i = 0; crypto_at(i); i++) {
			const char *name = crypto_name(crypto_at(i));

			suggest_consider(&s, name);
			if (strcmp(name, word) == 0)
				bit = crypto_at(i);
		}
		if (!bit && s.best)
			return draft_refuse(d, line,
				"%s has no word \"%s\"; did you mean \"%s\"?",
				row->name, word, s.best);
		if (!bit)
			return draft_refuse(d, line,
				"%s has no word \"%s\"; there are %s",
				row->name, word,
				crypto_format(CRYPTO_ALL, all));
		if (set & bit)
			return draft_refuse(d, line, "%s names \"%s\" twice",
				row->name, word);
		set |= bit;
	}
	if (!bad)
		t->crypto = set;
	return !bad;
}

/* A day, and the whole of it: what is kept is when it has ended. */
SETTER(set_crypto_until)
{
	struct target *t = d->object;
	char text[MOMENT_TEXT_SIZE];
	int64_t sec;

	if (strlen(value) == strlen("2027-06-30"))
		snprintf(text, sizeof(text), "%.10sT00:00:00Z", value);
	else
		text[0] = '\0';
	if (moment_parse(text, &sec) < 0)
		return draft_refuse(d, line,
			"%s takes a day as %s, the last one on which Crypto "
			"is used (UTC); not \"%.40s\"",
			row->name, row->example, value);
	t->crypto_until = sec + DAY;
	return true;
}

SETTER(set_credential)
{
	static const char *const choices[] = {"password", "key", NULL};
	struct target *t = d->object;
	int choice = set_choose(d, row, line, value, choices);

	if (choice < 0)
		return false;
	t->credential = choice == 0 ? CREDENTIAL_PASSWORD : CREDENTIAL_KEY;
	return true;
}

SETTER(set_line_end)
{
	static const char *const choices[] = {"cr", "crlf", "lf", NULL};
	static const enum line_end ends[] = {
		LINE_END_CR, LINE_END_CRLF, LINE_END_LF};
	struct target *t = d->object;
	int choice = set_choose(d, row, line, value, choices);

	if (choice < 0)
		return false;
	t->line_end = ends[choice];
	return true;
}

/* The text is compared as it stands: nothing in it is a pattern. */
SETTER(set_literal)
{
	size_t len = strlen(value);

	if (len >= POLICY_LOGIN_SIZE || !ascii_is_plain(value))
		return draft_refuse(d, line,
			"%s takes what a line of the device ends in, %d bytes "
			"of plain ASCII at most, such as %s",
			row->name, POLICY_LOGIN_SIZE - 1, row->example);
	memcpy((char *)d->object + row->offset, value, len + 1);
	return true;
}
