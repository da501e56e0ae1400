/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a person or an ssh client may say to jumpshell: a first word, and the
 * rest. There are no quotes, escapes, variables or separators: a character
 * that would mean something to a shell means nothing here.
 */
#ifndef JUMP_JUMPSHELL_WORDS_H
#define JUMP_JUMPSHELL_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/name.h"

#define WORDS_LINE_MAX	  4096	/* typed at the prompt */
#define WORDS_COMMAND_MAX 65536 /* ssh's remote command */

struct words {
	char first[NAME_SIZE + 1]; /* one longer than a name: seen, refused */
	const char *rest;	   /* borrowed; "" when there is none */
	size_t rest_len;
};

/*
 * Takes the first word off: leading blanks are skipped, it ends at a blank,
 * tab or newline, and exactly that one character is dropped; what follows is
 * the rest, byte for byte. A rest of nothing but blanks is none. Returns 0;
 * -ENODATA for an empty line; -EMSGSIZE when line or word is too long;
 * -EBADMSG when the first word has other bytes than printable ASCII. text
 * must be terminated at len, without a NUL before.
 */
int words_take(const char *text, size_t len, size_t max, struct words *ret);

#endif
