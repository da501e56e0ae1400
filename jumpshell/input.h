/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way of input: from the person to ssh. It is never recorded; of a
 * command's standard input, size and digest are kept.
 */
#ifndef JUMP_JUMPSHELL_INPUT_H
#define JUMP_JUMPSHELL_INPUT_H

#include <stdbool.h>

#include "jumpshell/inputsum.h"

#define INPUT_SIZE 16384

struct input {
	int from; /* the person's; -1: at its end */
	int to;	  /* ssh's, owned; -1: closed */
	size_t len, at;
	struct inputsum sum;
	uint8_t bytes[INPUT_SIZE];
};

void input_begin(struct input *in, int from, int to);

/* Moves what can be moved. When all was delivered at the end of input, ssh's
 * end is closed (close_at_end), which is how it learns of it. */
void input_step(struct input *in, bool close_at_end);

/* Wipes what is left, and closes ssh's end. */
void input_end(struct input *in);

/* Poll events for `from` and `to`. */
short input_wish_from(const struct input *in);
short input_wish_to(const struct input *in);

#endif
