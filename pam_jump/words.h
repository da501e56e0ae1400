/* SPDX-License-Identifier: BSD-2-Clause */
/* A refusal in plain words: why, and when to come again. */
#ifndef JUMP_PAM_WORDS_H
#define JUMP_PAM_WORDS_H

#include "pam_jump/access.h"

#define WORDS_SIZE        512
#define WORDS_TARGETS_MAX 6

struct words {
	char why[WORDS_SIZE];
	char next[WORDS_SIZE]; /* "" when no next window is known */
};

/*
 * "Your window is not open yet." and "Your next window opens today 18:00 UTC
 * (19:00 Europe/Berlin), plc-gw, hmi-1." Printable ASCII, one line each.
 */
void words_make(const struct access *a, struct words *ret_words);

#endif
