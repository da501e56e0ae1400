/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The proposal against the bastion's inventory: a grant is imagined with more
 * and more approvers, and policy_decide() says when it would be let in.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "approvals/rules/proposal.h"
#include "base/cleanup.h"

/* The uid says nothing here; it must only be the same on both sides. */
#define IMAGINED_UID 1u

/* Approvers that can't be anyone's name. */
static void imagine_approvers(struct grant *g, size_t count)
{
	g->approver_count = count;
	for (size_t i = 0; i < count; i++)
		snprintf(g->approvers[i], NAME_SIZE, "%zu", i + 1);
}

static void imagine_grant(const struct proposal *d, struct grant *g)
{
	*g = (struct grant){
		.id = "proposal",
		.uid = IMAGINED_UID,
		.target_count = d->target_count,
		.targets = d->targets,
		.protocols = d->protocols,
		.not_before = d->not_before,
		.not_after = d->not_after,
		.record = d->record,
		.files = d->files,
	};
	memcpy(g->user, d->user, NAME_SIZE);
	memcpy(g->account, d->account, NAME_SIZE);
}

/* Which of the protocols is to carry the files. */
static enum proto files_proto(const struct proto_set *protocols)
{
	return proto_set_has(protocols, PROTO_SFTP, 0) ? PROTO_SFTP : PROTO_SSH;
}

/* The least number of approvers with which one target and protocol pass. */
static struct decision decide_one(const struct proposal *d,
	const struct policy *inventory, const char *target, struct offer offer,
	unsigned *ret_needed)
{
	struct request q = {
		.user = d->user,
		.uid = IMAGINED_UID,
		.channel = CHANNEL_BROKERED,
		.target = target,
		.proto = offer.proto,
		.port = offer.port,
		.recording = true,
	};
	struct decision decision = {0};
	struct grant g;

	if (offer.proto == files_proto(&d->protocols))
		q.files = d->files;
	imagine_grant(d, &g);
	for (unsigned n = 1; n <= GRANT_APPROVERS_MAX; n++) {
		imagine_approvers(&g, n);
		decision = policy_decide(inventory, &q, &g, d->not_before);
		if (decision.allow) {
			*ret_needed = n;
			break;
		}
		if (decision.reason != REASON_APPROVALS)
			break;
	}
	return decision;
}

static const char *field_of(enum reason reason)
{
	switch (reason) {
	case REASON_PROTOCOL:
		return "protocols";
	case REASON_ACCOUNT:
		return "account";
	case REASON_LENGTH:
		return "not_after";
	case REASON_FILES:
		return "files";
	default:
		return "targets";
	}
}

static int refuse_decision(const struct proposal *d, const char *target,
	struct offer offer, const struct decision *no, struct refusal *ret_why)
{
	char text[PROTO_TEXT_SIZE];
	const char *by = proto_text(offer.proto, offer.port, text);
	const char *field = field_of(no->reason);

	if (no->reason == REASON_LENGTH && no->conduit)
		return refuse(ret_why, REFUSAL_POLICY, field,
			"%s by %s: conduit %s lets windows last %u s at most, "
			"this one %lld s",
			target, by, no->conduit->name,
			no->conduit->max_window_sec,
			(long long)(d->not_after - d->not_before));
	if (no->reason == REASON_POLICY)
		return refuse(ret_why, REFUSAL_POLICY, field,
			"no conduit lets %s reach %s by %s", d->user, target,
			by);
	if (no->reason == REASON_PROTOCOL)
		return refuse(ret_why, REFUSAL_POLICY, field,
			"%s does not offer %s", target, by);
	if (no->reason == REASON_ACCOUNT)
		return refuse(ret_why, REFUSAL_POLICY, field,
			"%s has no account \"%s\" for jumping", target,
			d->account);
	if (no->reason == REASON_FILES)
		return refuse(ret_why, REFUSAL_POLICY, field,
			"the conduit to %s does not let files go that way",
			target);
	return refuse(ret_why, REFUSAL_POLICY, field, "%s by %s: %s", target,
		by, reason_sentence(no->reason));
}

static bool needs_account(const struct proposal *d)
{
	struct offer at = {0};

	while (proto_set_next(&d->protocols, &at))
		if (proto_has_account(at.proto))
			return true;
	return false;
}

/* Left open: taken when every target has one account, the same one. */
static int choose_account(struct proposal *d, const struct policy *inventory,
	struct refusal *ret_why)
{
	const char *only = NULL;

	if (!needs_account(d)) {
		if (d->account[0])
			return refuse(ret_why, REFUSAL_INVALID, "account",
				"none of these protocols logs in to an "
				"account");
		return 0;
	}
	for (size_t i = 0; i < d->target_count && !d->account[0]; i++) {
		const struct target *t =
			policy_target(inventory, d->targets[i]);

		if (!t || t->account_count != 1 ||
			(only && strcmp(only, t->accounts[0]) != 0))
			return refuse(ret_why, REFUSAL_INVALID, "account",
				"say which: %s leaves a choice", d->targets[i]);
		only = t->accounts[0];
	}
	if (only)
		memcpy(d->account, only, strlen(only) + 1);
	return 0;
}

bool proposal_fits(
	const struct proposal *proposal, const struct policy *inventory)
{
	for (size_t i = 0; i < proposal->target_count; i++)
		if (!policy_target(inventory, proposal->targets[i]))
			return false;
	return proposal->target_count > 0;
}

static int check_target(const struct proposal *d,
	const struct policy *inventory, const char *target, unsigned *needed,
	struct refusal *ret_why)
{
	struct offer at = {0};

	while (proto_set_next(&d->protocols, &at)) {
		unsigned n = 0;
		struct decision decision =
			decide_one(d, inventory, target, at, &n);

		if (!decision.allow)
			return refuse_decision(
				d, target, at, &decision, ret_why);
		if (n > *needed)
			*needed = n;
	}
	return 0;
}

int proposal_check(struct proposal *proposal, const struct policy *inventory,
	unsigned *ret_needed, struct refusal *ret_why)
{
	unsigned needed = 0;
	int r = 0;

	for (size_t i = 0; i < proposal->target_count; i++)
		if (!policy_target(inventory, proposal->targets[i]))
			return refuse(ret_why, REFUSAL_POLICY, "targets",
				"no target here is called %s",
				proposal->targets[i]);
	r = choose_account(proposal, inventory, ret_why);
	for (size_t i = 0; r == 0 && i < proposal->target_count; i++)
		r = check_target(proposal, inventory, proposal->targets[i],
			&needed, ret_why);
	if (r == 0 && needed == 0)
		return refuse(ret_why, REFUSAL_INVALID, "protocols",
			"nothing is asked for");
	if (r == 0)
		*ret_needed = needed;
	return r;
}
