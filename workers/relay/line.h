/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one line that a client of the Unix socket sends: a verb and
 * "key=value" words with single blanks between them.
 */
#ifndef JUMP_WORKERS_RELAY_LINE_H
#define JUMP_WORKERS_RELAY_LINE_H

#include <stddef.h>

#include "base/name.h"
#include "policy/policy.h"

#define LINE_MAX_BYTES 512 /* with its newline */

enum verb { VERB_NONE = 0, VERB_CONNECT, VERB_STATUS, VERB_REFUSED };

#define LINE_REASON_SIZE 24

struct line {
	enum verb verb;
	char conn[CONN_SIZE];
	char target[NAME_SIZE];	       /* connect only */
	enum proto proto;	       /* connect only */
	char reason[LINE_REASON_SIZE]; /* refused only: a known one */
};

/*
 * Parses a line without its newline. Each word of the verb once, no other.
 * Returns 0 or -EBADMSG.
 */
int line_parse(const char *text, size_t len, struct line *ret_line);

/*
 * Reads up to the newline and not a byte more: what follows is the
 * connection's own. Returns the length without the newline; -ETIMEDOUT;
 * -EMSGSIZE: too long; -EPIPE: ended before; another -errno.
 */
int line_read(int fd, int timeout_ms, char text[LINE_MAX_BYTES]);

#endif
