/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/complete.h"

#include <stdio.h>
#include <string.h>

#include "jumpshell/commands.h"
#include "jumpshell/listing.h"

/* A word that was begun, and what those that it fits have in common. */
struct fit {
	const char *begun;
	size_t len, found;
	char common[NAME_SIZE];
};

static void consider(struct fit *f, const char *word)
{
	size_t same = 0;

	if (strncmp(word, f->begun, f->len) != 0)
		return;
	if (f->found++ == 0) {
		snprintf(f->common, sizeof(f->common), "%s", word);
		return;
	}
	while (word[same] && word[same] == f->common[same])
		same++;
	f->common[same] = '\0';
}

static void consider_commands(struct fit *f)
{
	for (const struct command *c = commands; c->word; c++)
		consider(f, c->word);
}

static void consider_targets(struct shell *s, struct fit *f)
{
	struct listing_row row;

	for (size_t at = 0; listing_row(s, at, &row); at++)
		consider(f, row.target->name);
}

/* What a tunnel is open to there, each word once. */
static void consider_tunnels(
	struct shell *s, struct fit *f, const char *target, size_t len)
{
	struct listing_row row;

	for (size_t at = 0; listing_row(s, at, &row); at++) {
		struct offer offer = {0};
		char word[PROTO_TEXT_SIZE];

		if (strlen(row.target->name) != len ||
			memcmp(row.target->name, target, len) != 0)
			continue;
		while (proto_set_next(&row.tunnelled, &offer))
			consider(f, proto_text(offer.proto, offer.port, word));
	}
}

/* The command that a line like "connect hm" begins with, if it has a target. */
static const struct command *command_of(const char *line, size_t len)
{
	for (const struct command *c = commands; c->word; c++) {
		size_t n = strlen(c->word);

		if (strstr(c->args, "TARGET") && len > n &&
			strncmp(line, c->word, n) == 0 && line[n] == ' ')
			return c;
	}
	return NULL;
}

static void look(struct shell *s, const char *line, size_t len, struct fit *f)
{
	const struct command *c = command_of(line, len);
	const size_t before = c ? strlen(c->word) + 1 : 0;
	const char *first = line + before;
	const char *blank = memchr(first, ' ', len - before);

	f->begun = blank && c && strstr(c->args, "PROTO") ? blank + 1 : first;
	f->len = len - (size_t)(f->begun - line);
	if (f->len >= sizeof(f->common) || memchr(f->begun, ' ', f->len))
		return;
	if (f->begun != first) {
		consider_tunnels(s, f, first, (size_t)(blank - first));
		return;
	}
	if (!c)
		consider_commands(f);
	consider_targets(s, f);
}

size_t complete_line(struct shell *s, const char *line, size_t len,
	char ret_rest[COMPLETE_SIZE])
{
	struct fit f = {0};

	look(s, line, len, &f);
	ret_rest[0] = '\0';
	if (f.found)
		snprintf(ret_rest, COMPLETE_SIZE, "%s%s", f.common + f.len,
			f.found == 1 ? " " : "");
	return f.found;
}
