/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Visits: from request to grant and its end, and who approved which round.
 */
#ifndef JUMP_APPROVALS_STORE_VISITS_H
#define JUMP_APPROVALS_STORE_VISITS_H

#include <stdbool.h>
#include <stdint.h>

#include "approvals/rules/visit.h"
#include "approvals/store/db.h"
#include "base/name.h"
#include "policy/policy.h"

struct visit {
	char id[ID_SIZE];
	char bastion[NAME_SIZE];
	char supplier[NAME_SIZE];
	char requester[NAME_SIZE];
	enum visit_state state;
	int64_t version;
	char *targets, *protocols; /* words */
	char account[NAME_SIZE];
	int64_t not_before, not_after;
	char *purpose;
	char ticket[ID_SIZE];
	enum record record;
	uint8_t files;
	char *sources; /* words */
	int64_t created_at, decided_at;
	char decided_by[NAME_SIZE];
	char *reason;
	unsigned needed; /* distinct approvers, when it was last judged */
	int64_t round, open_round;
	int64_t extend_to;
	char extend_by[NAME_SIZE];
	char *extend_reason;
};
void visit_done(struct visit *v);
#define _cleanup_visit_ __attribute__((cleanup(visit_done)))

/* id, version, round and created_at are the store's to set. */
int store_visit_add(struct db_tx *tx, struct visit *visit, int64_t now_ms);
int store_visit_get(struct db_tx *tx, const char *id, struct visit *ret_visit);
/*
 * Writes state, not_after, decided_*, reason, needed, round, open_round and
 * extend_* of `visit`, if the row still has visit->version and the state
 * `from`: one of two racing decisions gets -ESTALE.
 */
int store_visit_move(
	struct db_tx *tx, struct visit *visit, enum visit_state from);

struct visit_filter {
	const char *bastion;	/* NULL: all */
	const char *requester;	/* NULL: all */
	enum visit_state state; /* VISIT_NONE: all */
	int64_t ends_after;	/* not_after greater than this */
	const char *after_id;	/* for paging: ids greater than this */
	int64_t limit;		/* 0: none */
};
typedef int (*visit_each)(void *arg, const struct visit *v);
/* In the order of their ids. each != 0 stops, and is returned. */
int store_visit_list(struct db_tx *tx, const struct visit_filter *filter,
	visit_each each, void *arg);

struct approval {
	const char *person;
	const char *source;
	int64_t at;
};
/* For the visit's present round. -EEXIST: this person has already. */
int store_approval_add(struct db_tx *tx, const struct visit *visit,
	const struct approval *approval);
typedef int (*approval_each)(
	void *arg, const char *visit, const struct approval *approval);
/* Of one visit and round, in the order of time. */
int store_approval_list(struct db_tx *tx, const char *visit, int64_t round,
	approval_each each, void *arg);
/* Of the open rounds of all visits of a bastion, in the order of ids. */
int store_approval_list_open(struct db_tx *tx, const char *bastion,
	int64_t ends_after, approval_each each, void *arg);

#endif
