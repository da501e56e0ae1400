/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The person's terminal, and the one that ssh gets in its place.
 */
#ifndef JUMP_JUMPSHELL_TERMINAL_H
#define JUMP_JUMPSHELL_TERMINAL_H

#include <stdbool.h>
#include <termios.h>

#define TERMINAL_NAME_SIZE 32

struct terminal {
	bool is;	       /* stdin and stdout are one */
	struct termios before; /* as it was when we came */
	unsigned cols, rows;
	char name[TERMINAL_NAME_SIZE]; /* TERM, when it is a plain word */
};

/* Looks at stdin and stdout. Never fails: what is no terminal is none. */
void terminal_look(struct terminal *t);

/* The window's size as it is now; 80x24 when nobody knows. */
void terminal_size(struct terminal *t);

/* Bytes as they are, both ways; and back. 0 or -errno. */
int terminal_raw(const struct terminal *t);
void terminal_restore(const struct terminal *t);

/*
 * A new pair with the modes and the size of this terminal, which ssh passes
 * on to the target. 0 or -errno; the caller closes both.
 */
int terminal_pair(const struct terminal *t, int *ret_outer, int *ret_inner);

/* Tells the pair, and thereby ssh, of a new size. */
void terminal_resize_pair(const struct terminal *t, int outer);

#endif
