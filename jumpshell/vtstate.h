/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is the terminal between two things right now? A line of ours may be put in
 * only when the target's output is not in the middle of an escape sequence
 * or of a character.
 */
#ifndef JUMP_JUMPSHELL_VTSTATE_H
#define JUMP_JUMPSHELL_VTSTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vtstate {
	uint8_t state;	 /* 0: ground */
	uint8_t pending; /* bytes that a character still needs */
};

/* Follows the bytes that went to the terminal. Source: ECMA-48, DEC STD 070. */
void vtstate_feed(struct vtstate *v, const void *bytes, size_t len);

bool vtstate_ground(const struct vtstate *v);

#endif
