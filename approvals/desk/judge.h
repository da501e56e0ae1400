/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A visit held against today's inventory of its bastion: how many approvers
 * it takes, or why it would not be let in. Between proposal and visit stands
 * the form in the database (words), and this is where one becomes the other.
 */
#ifndef JUMP_APPROVALS_DESK_JUDGE_H
#define JUMP_APPROVALS_DESK_JUDGE_H

#include "approvals/desk/service.h"
#include "approvals/rules/proposal.h"
#include "approvals/store/visits.h"

/* Words and copies of a checked proposal; the visit owns them. */
int visit_from_proposal(const struct proposal *p, struct visit *ret_visit);

/* As if it were asked for today with this end. 0; -EPERM: refused. */
int visit_judge(struct desk_tx *tx, const struct visit *v, int64_t not_after,
	unsigned *ret_needed, struct refusal *ret_why);

/* Is this supplier known, enabled, and enrolled at that bastion? */
int supplier_check(struct desk_tx *tx, const char *supplier,
	const char *bastion, struct refusal *ret_why);

#endif
