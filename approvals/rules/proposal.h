/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What someone asks for: user, targets, protocols, from, to, why. A proposal is
 * read from a request's body and then held against what the bastion reported
 * of its policy, by the same policy_decide() that the bastion will ask: what
 * the bastion would refuse is refused here, with the reason, before anyone
 * approves it.
 */
#ifndef JUMP_APPROVALS_RULES_PROPOSAL_H
#define JUMP_APPROVALS_RULES_PROPOSAL_H

#include <jansson.h>

#include "approvals/rules/refusal.h"
#include "policy/decide.h"

#define PROPOSAL_TARGETS_MAX	64
#define PROPOSAL_PURPOSE_MIN	4
#define PROPOSAL_PURPOSE_SIZE	501
#define PROPOSAL_PAST_MAX_SEC	(15 * 60)
#define PROPOSAL_AHEAD_MAX_SEC	(366LL * 24 * 3600)
#define PROPOSAL_LENGTH_MIN_SEC 60

struct proposal {
	char bastion[NAME_SIZE]; /* "": the one that has the targets */
	char user[NAME_SIZE];
	size_t target_count;
	char targets[PROPOSAL_TARGETS_MAX][NAME_SIZE]; /* sorted, distinct */
	struct proto_set protocols;
	char account[NAME_SIZE];       /* "": chosen when there is one choice */
	int64_t not_before, not_after; /* UTC s */
	char purpose[PROPOSAL_PURPOSE_SIZE];
	char ticket[ID_SIZE];
	enum record record; /* RECORD_NONE: as the conduit says */
	uint8_t files;
	size_t source_count;
	struct network sources[GRANT_SOURCES_MAX];
};

/*
 * Reads a request's body (doc/formats/approvals-api.md). Returns 0, or -EPERM
 * with a refusal that names the member. now (UTC s) judges the times.
 */
int proposal_parse(const json_t *body, int64_t now,
	struct proposal *ret_proposal, struct refusal *ret_why);

/* The times alone, as proposal_parse() judges them; for extensions too. */
int proposal_check_times(int64_t not_before, int64_t not_after, int64_t now,
	struct refusal *ret_why);

/*
 * Holds a proposal against a bastion's inventory. On success *ret_needed is how
 * many distinct approvers it takes (1..GRANT_APPROVERS_MAX), and an account
 * that was left open is filled in when there is exactly one. -EPERM: refused.
 * Pure: uses no clock, its times are the proposal's own.
 */
int proposal_check(struct proposal *proposal, const struct policy *inventory,
	unsigned *ret_needed, struct refusal *ret_why);

/* Are all targets of the proposal in this inventory? */
bool proposal_fits(
	const struct proposal *proposal, const struct policy *inventory);

#endif
