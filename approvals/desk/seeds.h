/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Enrolling a user at bastions: a new seed for each, sealed into the database
 * and shown in the answer, nowhere else.
 */
#ifndef JUMP_APPROVALS_DESK_SEEDS_H
#define JUMP_APPROVALS_DESK_SEEDS_H

#include "approvals/desk/service.h"

/*
 * At the bastions named (an array of names), or at all that are enrolled
 * (NULL). Appends {"bastion","uri"} for each to `list`, whose text is secret.
 * 0; -EPERM: one of them is not enrolled here.
 */
int seeds_make(struct desk_tx *tx, const char *user, const json_t *bastions,
	json_t *list, struct refusal *ret_why);

#endif
