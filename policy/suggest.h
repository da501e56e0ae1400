/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "Did you mean": of the words that would have been right, the one that was
 * probably meant.
 */
#ifndef JUMP_POLICY_SUGGEST_H
#define JUMP_POLICY_SUGGEST_H

struct suggest {
	const char *word; /* what was written */
	const char *best; /* NULL: nothing is near */
	unsigned distance;
};

/* Remembers candidate (borrowed) when it is nearer than those before. */
void suggest_consider(struct suggest *s, const char *candidate);

#endif
