/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the process of a refused connection leaves to the listener, who keeps
 * the tally: the reason, and whether a record of it was written. It is in the
 * exit status, which can't be lost while both live, and no more than a count
 * can be forged by it.
 */
#ifndef JUMP_WORKERS_RELAY_REFUSAL_H
#define JUMP_WORKERS_RELAY_REFUSAL_H

#include <stdbool.h>

/* One of the words that refusals have: reasons of the policy and our own. */
bool refusal_known(const char *reason);

/* An exit status; never 0. Reasons that are not known count as "error". */
int refusal_status(const char *reason, bool told);

/* The reason, or NULL when nothing was refused. */
const char *refusal_of_status(int exit_status, bool *ret_told);

#endif
