/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a requested window: who may move it from which state to which.
 * Pure functions over the facts of one window; the store makes the moves
 * with "WHERE version = what was judged".
 */
#ifndef JUMP_APPROVALS_RULES_VISIT_H
#define JUMP_APPROVALS_RULES_VISIT_H

#include <stdint.h>

#include "approvals/rules/refusal.h"
#include "approvals/rules/role.h"
#include "base/name.h"

enum visit_state { /* by its word in the database: never rename */
	VISIT_NONE = 0,
	VISIT_PENDING,	/* waits for approvers */
	VISIT_APPROVED, /* a grant; ends with its not_after */
	VISIT_DENIED,
	VISIT_WITHDRAWN, /* by who asked, before it was decided */
	VISIT_REVOKED,
	VISIT_STATE_COUNT
};
const char *visit_state_word(enum visit_state s); /* never NULL */
enum visit_state visit_state_from_word(const char *word);

/* The word for people: also "expired" (pending, over) and "ended". */
const char *visit_state_shown(
	enum visit_state s, int64_t not_after, int64_t now);

/* Who acts: a person with roles. */
struct actor {
	const char *name;
	role_set roles;
};

/* What the rules look at. An extension is asked for while extend_to is not
 * 0; its approvals are counted apart from those of the window itself. */
struct visit_facts {
	enum visit_state state;
	const char *requester;
	const char *user;
	int64_t not_before, not_after;
	int64_t extend_to;
	const char *extend_by;	/* who asked for the extension */
	unsigned needed;	/* distinct approvers, by today's inventory */
	unsigned approvals;	/* of what waits: window or extension */
	bool approved_by_actor; /* one of those */
};

/* What follows when a rule says yes. */
enum visit_move {
	MOVE_NONE = 0,
	MOVE_COUNT,   /* one more approval, not enough yet */
	MOVE_OPEN,    /* enough: pending -> approved */
	MOVE_PROLONG, /* enough: not_after becomes extend_to */
	MOVE_DENY,
	MOVE_DENY_EXTENSION,
	MOVE_WITHDRAW,
	MOVE_REVOKE,
	MOVE_ASK_EXTENSION, /* extend_to is set, no approval yet */
};

/*
 * Each returns 0 with a move, or -EPERM with the refusal. now is UTC s.
 * Source: design, "A supplier's visit" 1; threat A-SELF.
 */
int visit_approve(const struct visit_facts *f, const struct actor *actor,
	int64_t now, enum visit_move *ret_move, struct refusal *ret_why);
int visit_deny(const struct visit_facts *f, const struct actor *actor,
	int64_t now, enum visit_move *ret_move, struct refusal *ret_why);
int visit_revoke(const struct visit_facts *f, const struct actor *actor,
	int64_t now, enum visit_move *ret_move, struct refusal *ret_why);

/*
 * Asks for a later end. An approver who neither asked for the window nor is
 * its user approves it by asking (MOVE_COUNT or MOVE_PROLONG then); anyone
 * else's asking waits for approvers.
 */
int visit_extend(const struct visit_facts *f, const struct actor *actor,
	int64_t to, int64_t now, enum visit_move *ret_move,
	struct refusal *ret_why);

#endif
