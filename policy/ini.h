/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * INI text, strictly: inih takes the lines apart, and this looks at each line
 * before, because inih cuts long ones, skips what stands behind a "]", joins
 * indented lines and cuts values at " ;", all without a word.
 */
#ifndef JUMP_POLICY_INI_H
#define JUMP_POLICY_INI_H

#include <stddef.h>
#include <stdint.h>

#define INI_LINE_MAX_BYTES 1500
#define INI_NAME_MAX_BYTES 45 /* of a section or a key; inih keeps 49 */

/* Who is told. `line` is the number of the line that it is about. */
struct ini_events {
	/* text NULL: a section begins here, and its line was refused */
	void (*section)(void *user, uint32_t line, const char *text);
	void (*key)(void *user, uint32_t line, const char *key,
		const char *value);
	void (*fault)(void *user, uint32_t line, const char *what);
};

/*
 * Reads all of the text; goes on after a fault, so that all are told. Bytes
 * need no NUL at their end.
 */
void ini_read(const char *bytes, size_t len, const struct ini_events *events,
	void *user);

#endif
