/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What jumpshell says to people: times in UTC and in the plant's own zone,
 * refusals that say what to do, and nothing of a target unescaped.
 */
#ifndef JUMP_JUMPSHELL_TEXTS_H
#define JUMP_JUMPSHELL_TEXTS_H

#include "base/when.h"
#include "jumpshell/access.h"

#define TEXT_WHEN_SIZE WHEN_SIZE
#define TEXT_LEFT_SIZE 32

/* "today 18:00 UTC (19:00 Europe/Berlin)" */
void text_when(struct access *a, int64_t at_sec, char ret[TEXT_WHEN_SIZE]);

/* "42 minutes", "3 hours 5 minutes", "40 seconds" */
void text_left(struct access *a, int64_t until_sec, char ret[TEXT_LEFT_SIZE]);

/* Why something was ended, for the words that jumpshell and relay use. */
const char *text_end_reason(const char *word);

/* Why something could not begin: words of workers and access_not_now(). */
const char *text_refusal(const char *word);

/* The refusal of a decision on stderr: the reason, and when it would be
 * possible. `what` is a target, or NULL for the session. */
void text_denied(struct access *a, const char *what, const struct decision *d);

#endif
