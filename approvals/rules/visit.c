/* SPDX-License-Identifier: BSD-2-Clause */
/* Each function reads as the list of what stands in the way. */
#include "approvals/rules/visit.h"

#include <string.h>

#include "base/cleanup.h"

static const char *const words[VISIT_STATE_COUNT] = {
	[VISIT_NONE] = "none",
	[VISIT_PENDING] = "pending",
	[VISIT_APPROVED] = "approved",
	[VISIT_DENIED] = "denied",
	[VISIT_WITHDRAWN] = "withdrawn",
	[VISIT_REVOKED] = "revoked",
};

const char *visit_state_word(enum visit_state s)
{
	return s > VISIT_NONE && s < VISIT_STATE_COUNT ? words[s] : "none";
}

enum visit_state visit_state_from_word(const char *word)
{
	for (unsigned s = VISIT_NONE + 1; s < VISIT_STATE_COUNT; s++)
		if (strcmp(words[s], word) == 0)
			return (enum visit_state)s;
	return VISIT_NONE;
}

const char *visit_state_shown(
	enum visit_state s, int64_t not_after, int64_t now)
{
	if (s == VISIT_PENDING && not_after <= now)
		return "expired";
	if (s == VISIT_APPROVED && not_after <= now)
		return "ended";
	return visit_state_word(s);
}

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static bool waits(const struct visit_facts *f)
{
	return f->state == VISIT_PENDING ||
	       (f->state == VISIT_APPROVED && f->extend_to != 0);
}

static int check_role(
	const struct actor *actor, enum action action, struct refusal *ret_why)
{
	if (role_may(actor->roles, action))
		return 0;
	return refuse(ret_why, REFUSAL_FORBIDDEN, NULL,
		"%s has no role that may do this", actor->name);
}

static int check_not_own(const struct visit_facts *f, const struct actor *actor,
	struct refusal *ret_why)
{
	if (same(actor->name, f->requester))
		return refuse(ret_why, REFUSAL_OWN_REQUEST, NULL,
			"%s asked for this window; someone else decides",
			actor->name);
	if (same(actor->name, f->user))
		return refuse(ret_why, REFUSAL_OWN_REQUEST, NULL,
			"this window is for %s; someone else decides",
			actor->name);
	return 0;
}

static int check_not_over(
	const struct visit_facts *f, int64_t now, struct refusal *ret_why)
{
	if (now < f->not_after)
		return 0;
	return refuse(ret_why, REFUSAL_STATE, NULL,
		"the window is over; ask for a new one");
}

static int check_waits(const struct visit_facts *f, struct refusal *ret_why)
{
	if (waits(f))
		return 0;
	return refuse(ret_why, REFUSAL_STATE, NULL,
		"nothing waits for a decision: it is %s",
		visit_state_word(f->state));
}

/* One more approval by someone who may: enough now? */
static enum visit_move count_move(
	const struct visit_facts *f, unsigned approvals, bool extension)
{
	if (f->needed == 0 || approvals < f->needed)
		return MOVE_COUNT;
	return extension ? MOVE_PROLONG : MOVE_OPEN;
}

int visit_approve(const struct visit_facts *f, const struct actor *actor,
	int64_t now, enum visit_move *ret_move, struct refusal *ret_why)
{
	bool extension = f->state == VISIT_APPROVED;
	int r;

	r = check_role(actor, ACTION_APPROVE, ret_why);
	if (r == 0)
		r = check_waits(f, ret_why);
	if (r == 0)
		r = check_not_own(f, actor, ret_why);
	if (r == 0)
		r = check_not_over(f, now, ret_why);
	if (r < 0)
		return r;
	if (f->approved_by_actor)
		return refuse(ret_why, REFUSAL_STATE, NULL,
			"%s has approved this already; %u of %u have",
			actor->name, f->approvals, f->needed);
	if (extension && same(actor->name, f->extend_by))
		return refuse(ret_why, REFUSAL_OWN_REQUEST, NULL,
			"%s asked for the extension; someone else decides",
			actor->name);
	*ret_move = count_move(f, f->approvals + 1, extension);
	return 0;
}

int visit_deny(const struct visit_facts *f, const struct actor *actor,
	int64_t now, enum visit_move *ret_move, struct refusal *ret_why)
{
	int r;

	r = check_role(actor, ACTION_APPROVE, ret_why);
	if (r == 0)
		r = check_waits(f, ret_why);
	if (r == 0)
		r = check_not_own(f, actor, ret_why);
	if (r == 0)
		r = check_not_over(f, now, ret_why);
	if (r < 0)
		return r;
	*ret_move = f->state == VISIT_PENDING ? MOVE_DENY : MOVE_DENY_EXTENSION;
	return 0;
}

int visit_revoke(const struct visit_facts *f, const struct actor *actor,
	int64_t now, enum visit_move *ret_move, struct refusal *ret_why)
{
	bool own = same(actor->name, f->requester);
	int r;

	r = check_role(actor, ACTION_REVOKE, ret_why);
	if (r == 0 && !own && !(actor->roles & ROLE_APPROVER))
		r = refuse(ret_why, REFUSAL_FORBIDDEN, NULL,
			"%s may end only what %s asked for", actor->name,
			actor->name);
	if (r == 0 && f->state != VISIT_PENDING && f->state != VISIT_APPROVED)
		r = refuse(ret_why, REFUSAL_STATE, NULL, "it is %s already",
			visit_state_word(f->state));
	if (r == 0)
		r = check_not_over(f, now, ret_why);
	if (r == 0 && f->state == VISIT_PENDING && !own)
		r = refuse(ret_why, REFUSAL_STATE, NULL,
			"it waits for a decision: deny it");
	if (r < 0)
		return r;
	*ret_move = f->state == VISIT_PENDING ? MOVE_WITHDRAW : MOVE_REVOKE;
	return 0;
}

int visit_extend(const struct visit_facts *f, const struct actor *actor,
	int64_t to, int64_t now, enum visit_move *ret_move,
	struct refusal *ret_why)
{
	bool own = same(actor->name, f->requester);
	bool approver = (actor->roles & ROLE_APPROVER) != 0;
	int r;

	r = check_role(actor, ACTION_EXTEND, ret_why);
	if (r == 0 && !own && !approver)
		r = refuse(ret_why, REFUSAL_FORBIDDEN, NULL,
			"%s may extend only what %s asked for", actor->name,
			actor->name);
	if (r == 0 && f->state != VISIT_APPROVED)
		r = refuse(ret_why, REFUSAL_STATE, NULL,
			"only an approved window can be extended; this one "
			"is %s",
			visit_state_word(f->state));
	if (r == 0)
		r = check_not_over(f, now, ret_why);
	if (r == 0 && f->extend_to != 0)
		r = refuse(ret_why, REFUSAL_STATE, NULL,
			"an extension waits for a decision already");
	if (r == 0 && to <= f->not_after)
		r = refuse(ret_why, REFUSAL_INVALID, "not_after",
			"an extension ends later than the window does");
	if (r < 0)
		return r;
	if (own || !approver || same(actor->name, f->user))
		*ret_move = MOVE_ASK_EXTENSION;
	else
		*ret_move = count_move(f, 1, true);
	return 0;
}
