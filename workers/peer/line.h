/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The request line of our sockets: "verb key=value key=value" (see
 * doc/architecture.md). One strict parser for every worker that is asked.
 */
#ifndef JUMP_WORKERS_PEER_LINE_H
#define JUMP_WORKERS_PEER_LINE_H

#include <stddef.h>

#define LINE_MAX_BYTES 512 /* with the newline */
#define LINE_WORDS_MAX 16

struct line {
	char bytes[LINE_MAX_BYTES];
	const char *verb;
	size_t count;
	struct {
		const char *key;
		const char *value;
	} word[LINE_WORDS_MAX];
};

/*
 * Takes a line apart: printable ASCII, single blanks, one newline at its very
 * end, keys [a-z_]+ once each, values of at least one byte. Returns 0,
 * -EMSGSIZE when it is too long, or -EBADMSG. Source: threat T-LINE.
 */
int line_parse(const void *bytes, size_t len, struct line *ret_line);

/* NULL when the key is missing. */
const char *line_value(const struct line *l, const char *key);

#endif
