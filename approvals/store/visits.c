/* SPDX-License-Identifier: BSD-2-Clause */
/* Visits in the database: one row from request to the end of the grant. */
#include "approvals/store/visits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "approvals/store/store.h"
#include "base/cleanup.h"

void visit_done(struct visit *v)
{
	free(v->targets);
	free(v->protocols);
	free(v->purpose);
	free(v->sources);
	free(v->reason);
	free(v->extend_reason);
	*v = (struct visit){0};
}

int store_visit_add(struct db_tx *tx, struct visit *v, int64_t now_ms)
{
	_cleanup_db_query_ struct db_query q = {0};
	char id[ULID_SIZE];
	int r;

	r = ulid_make(now_ms, id);
	if (r < 0)
		return r;
	memcpy(v->id, id, sizeof(id));
	v->version = 1;
	v->round = 1;
	v->created_at = now_ms / 1000;
	db_query_init(&q, tx,
		"INSERT INTO visit (id, bastion, supplier, requester, state, "
		"version, targets, protocols, account, not_before, not_after, "
		"purpose, ticket, record, files, sources, created_at, "
		"decided_at, decided_by, reason, needed, round, open_round, "
		"extend_to, extend_by, extend_reason) VALUES ($1, $2, $3, "
		"$4, $5, 1, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, "
		"$16, 0, '', '', $17, 1, 0, 0, '', '')");
	db_bind_text(&q, 1, v->id);
	db_bind_text(&q, 2, v->bastion);
	db_bind_text(&q, 3, v->supplier);
	db_bind_text(&q, 4, v->requester);
	db_bind_text(&q, 5, visit_state_word(v->state));
	db_bind_text(&q, 6, v->targets);
	db_bind_text(&q, 7, v->protocols);
	db_bind_text(&q, 8, v->account);
	db_bind_int(&q, 9, v->not_before);
	db_bind_int(&q, 10, v->not_after);
	db_bind_text(&q, 11, v->purpose);
	db_bind_text(&q, 12, v->ticket);
	db_bind_int(&q, 13, v->record);
	db_bind_int(&q, 14, v->files);
	db_bind_text(&q, 15, v->sources);
	db_bind_int(&q, 16, v->created_at);
	db_bind_int(&q, 17, v->needed);
	r = db_run(&q);
	return r < 0 ? r : 0;
}

#define VISIT_COLUMNS                                                          \
	"SELECT id, bastion, supplier, requester, state, version, "            \
	"targets, protocols, account, not_before, not_after, purpose, "        \
	"ticket, record, files, sources, created_at, decided_at, "             \
	"decided_by, reason, round, open_round, extend_to, extend_by, "        \
	"extend_reason, needed FROM visit "

/* What is none of the three is the strictest. */
static enum record record_of(int64_t value)
{
	return value == RECORD_NONE	  ? RECORD_NONE
	       : value == RECORD_OPTIONAL ? RECORD_OPTIONAL
					  : RECORD_REQUIRED;
}

static void take_numbers(struct db_query *q, struct visit *v)
{
	v->state = visit_state_from_word(db_text(q, 4));
	v->version = db_int(q, 5);
	v->not_before = db_int(q, 9);
	v->not_after = db_int(q, 10);
	v->record = record_of(db_int(q, 13));
	v->files = (uint8_t)(db_int(q, 14) & (FILES_UP | FILES_DOWN));
	v->created_at = db_int(q, 16);
	v->decided_at = db_int(q, 17);
	v->round = db_int(q, 20);
	v->open_round = db_int(q, 21);
	v->extend_to = db_int(q, 22);
	v->needed = (unsigned)db_int(q, 25);
}

static int take_visit(struct db_query *q, struct visit *ret_visit)
{
	struct visit v = {
		.targets = strdup(db_text(q, 6)),
		.protocols = strdup(db_text(q, 7)),
		.purpose = strdup(db_text(q, 11)),
		.sources = strdup(db_text(q, 15)),
		.reason = strdup(db_text(q, 19)),
		.extend_reason = strdup(db_text(q, 24)),
	};

	if (!v.targets || !v.protocols || !v.purpose || !v.sources ||
		!v.reason || !v.extend_reason) {
		visit_done(&v);
		return -ENOMEM;
	}
	take_numbers(q, &v);
	snprintf(v.id, sizeof(v.id), "%s", db_text(q, 0));
	snprintf(v.bastion, NAME_SIZE, "%s", db_text(q, 1));
	snprintf(v.supplier, NAME_SIZE, "%s", db_text(q, 2));
	snprintf(v.requester, NAME_SIZE, "%s", db_text(q, 3));
	snprintf(v.account, NAME_SIZE, "%s", db_text(q, 8));
	snprintf(v.ticket, sizeof(v.ticket), "%s", db_text(q, 12));
	snprintf(v.decided_by, NAME_SIZE, "%s", db_text(q, 18));
	snprintf(v.extend_by, NAME_SIZE, "%s", db_text(q, 23));
	*ret_visit = v;
	return 0;
}

int store_visit_get(struct db_tx *tx, const char *id, struct visit *ret_visit)
{
	_cleanup_db_query_ struct db_query q = {0};
	int r;

	db_query_init(&q, tx, VISIT_COLUMNS "WHERE id = $1");
	db_bind_text(&q, 1, id);
	r = db_step(&q);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	return take_visit(&q, ret_visit);
}

int store_visit_move(struct db_tx *tx, struct visit *v, enum visit_state from)
{
	_cleanup_db_query_ struct db_query q = {0};
	int r;

	db_query_init(&q, tx,
		"UPDATE visit SET state = $3, version = version + 1, "
		"not_after = $4, decided_at = $5, decided_by = $6, "
		"reason = $7, round = $8, open_round = $9, extend_to = $10, "
		"extend_by = $11, extend_reason = $12, needed = $14 "
		"WHERE id = $1 AND version = $2 AND state = $13");
	db_bind_text(&q, 1, v->id);
	db_bind_int(&q, 2, v->version);
	db_bind_text(&q, 3, visit_state_word(v->state));
	db_bind_int(&q, 4, v->not_after);
	db_bind_int(&q, 5, v->decided_at);
	db_bind_text(&q, 6, v->decided_by);
	db_bind_text(&q, 7, v->reason);
	db_bind_int(&q, 8, v->round);
	db_bind_int(&q, 9, v->open_round);
	db_bind_int(&q, 10, v->extend_to);
	db_bind_text(&q, 11, v->extend_by);
	db_bind_text(&q, 12, v->extend_reason);
	db_bind_text(&q, 13, visit_state_word(from));
	db_bind_int(&q, 14, v->needed);
	r = db_run(&q);
	if (r == 1)
		v->version++;
	return r == 1 ? 0 : r < 0 ? r : -ESTALE;
}

int store_visit_list(struct db_tx *tx, const struct visit_filter *filter,
	visit_each each, void *arg)
{
	_cleanup_db_query_ struct db_query q = {0};
	int r;

	db_query_init(&q, tx,
		VISIT_COLUMNS
		"WHERE ($1 = '' OR bastion = $1) AND ($2 = '' OR state = $2) "
		"AND not_after > $3 AND id > $4 "
		"AND ($6 = '' OR requester = $6) ORDER BY id LIMIT $5");
	db_bind_text(&q, 1, filter->bastion);
	db_bind_text(&q, 2,
		filter->state == VISIT_NONE ? ""
					    : visit_state_word(filter->state));
	db_bind_int(&q, 3, filter->ends_after);
	db_bind_text(&q, 4, filter->after_id);
	db_bind_int(&q, 5, filter->limit > 0 ? filter->limit : INT64_MAX);
	db_bind_text(&q, 6, filter->requester);
	while ((r = db_step(&q)) > 0) {
		_cleanup_visit_ struct visit v = {0};

		r = take_visit(&q, &v);
		if (r == 0)
			r = each(arg, &v);
		if (r != 0)
			break;
	}
	return r;
}

int store_approval_add(struct db_tx *tx, const struct visit *visit,
	const struct approval *approval)
{
	_cleanup_db_query_ struct db_query q = {0};
	int r;

	db_query_init(&q, tx,
		"INSERT INTO approval (visit, round, person, at, source, "
		"version) VALUES ($1, $2, $3, $4, $5, $6)");
	db_bind_text(&q, 1, visit->id);
	db_bind_int(&q, 2, visit->round);
	db_bind_text(&q, 3, approval->person);
	db_bind_int(&q, 4, approval->at);
	db_bind_text(&q, 5, approval->source);
	db_bind_int(&q, 6, visit->version);
	r = db_run(&q);
	return r < 0 ? r : 0;
}

/* Columns: visit, person, source, at. */
static int each_approval(struct db_query *q, approval_each each, void *arg)
{
	int r;

	while ((r = db_step(q)) > 0) {
		struct approval a = {
			.person = db_text(q, 1),
			.source = db_text(q, 2),
			.at = db_int(q, 3),
		};

		r = each(arg, db_text(q, 0), &a);
		if (r != 0)
			break;
	}
	return r;
}

int store_approval_list(struct db_tx *tx, const char *visit, int64_t round,
	approval_each each, void *arg)
{
	_cleanup_db_query_ struct db_query q = {0};

	db_query_init(&q, tx,
		"SELECT visit, person, source, at FROM approval "
		"WHERE visit = $1 AND round = $2 ORDER BY at, person");
	db_bind_text(&q, 1, visit);
	db_bind_int(&q, 2, round);
	return each_approval(&q, each, arg);
}

int store_approval_list_open(struct db_tx *tx, const char *bastion,
	int64_t ends_after, approval_each each, void *arg)
{
	_cleanup_db_query_ struct db_query q = {0};

	db_query_init(&q, tx,
		"SELECT a.visit, a.person, a.source, a.at "
		"FROM approval a JOIN visit v ON v.id = a.visit "
		"AND v.open_round = a.round "
		"WHERE v.bastion = $1 AND v.not_after > $2 "
		"ORDER BY a.visit, a.person");
	db_bind_text(&q, 1, bastion);
	db_bind_int(&q, 2, ends_after);
	return each_approval(&q, each, arg);
}
