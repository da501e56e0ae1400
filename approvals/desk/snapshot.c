/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bastion's snapshot: gathered from the store in one pass over users and
 * one over grants, signed, and kept until what it says has changed or half of
 * its life is over.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "approvals/desk/desk.h"
#include "approvals/sign/issue.h"
#include "approvals/store/suppliers.h"
#include "approvals/store/visits.h"
#include "base/cleanup.h"
#include "policy/decide.h"

/* ---- users: three ordered lists walked side by side ---- */

struct key_row {
	char supplier[NAME_SIZE];
	char *line;
};

struct seal_row {
	char supplier[NAME_SIZE];
	char *otp;
};

struct gathering {
	struct issue *issue;
	size_t key_count, key_room, key_at;
	struct key_row *keys;
	size_t seal_count, seal_room, seal_at;
	struct seal_row *seals;
};

static void gathering_done(struct gathering *g)
{
	for (size_t i = 0; i < g->key_count; i++)
		free(g->keys[i].line);
	for (size_t i = 0; i < g->seal_count; i++)
		free(g->seals[i].otp);
	free(g->keys);
	free(g->seals);
}
#define _cleanup_gathering_ __attribute__((cleanup(gathering_done)))

/* Room for one more element; NULL: no memory. */
static void *grow(void **rows, size_t count, size_t *room, size_t size)
{
	if (count == *room) {
		size_t more = *room ? *room * 2 : 64;
		void *larger = reallocarray(*rows, more, size);

		if (!larger)
			return NULL;
		*rows = larger;
		*room = more;
	}
	return (char *)*rows + count * size;
}

static int take_key(void *arg, const char *supplier, const char *line,
	const char *fingerprint)
{
	struct gathering *g = arg;
	struct key_row *row = grow((void **)&g->keys, g->key_count,
		&g->key_room, sizeof(*g->keys));
	char *copy = row ? strdup(line) : NULL;

	(void)fingerprint;
	if (!copy)
		return -ENOMEM;
	snprintf(row->supplier, NAME_SIZE, "%s", supplier);
	row->line = copy;
	g->key_count++;
	return 0;
}

static int take_seal(
	void *arg, const char *supplier, const char *bastion, const char *otp)
{
	struct gathering *g = arg;
	struct seal_row *row = grow((void **)&g->seals, g->seal_count,
		&g->seal_room, sizeof(*g->seals));
	char *copy = row ? strdup(otp) : NULL;

	(void)bastion;
	if (!copy)
		return -ENOMEM;
	snprintf(row->supplier, NAME_SIZE, "%s", supplier);
	row->otp = copy;
	g->seal_count++;
	return 0;
}

/* The keys of this supplier, which stand together; the pointer moves on. */
static size_t keys_of(
	struct gathering *g, const char *name, const char **ret_lines)
{
	size_t count = 0;

	while (g->key_at < g->key_count &&
		strcmp(g->keys[g->key_at].supplier, name) < 0)
		g->key_at++;
	while (g->key_at < g->key_count &&
		strcmp(g->keys[g->key_at].supplier, name) == 0) {
		if (count < SUPPLIER_KEYS_MAX)
			ret_lines[count++] = g->keys[g->key_at].line;
		g->key_at++;
	}
	return count;
}

static int write_user(void *arg, const struct supplier *s)
{
	struct gathering *g = arg;
	const char *lines[SUPPLIER_KEYS_MAX];
	struct issue_user u = {
		.name = s->name,
		.uid = s->uid,
		.gecos = s->gecos,
		.disabled = s->disabled,
		.keys = lines,
	};

	u.key_count = keys_of(g, s->name, lines);
	while (g->seal_at < g->seal_count &&
		strcmp(g->seals[g->seal_at].supplier, s->name) < 0)
		g->seal_at++;
	if (g->seal_at == g->seal_count ||
		strcmp(g->seals[g->seal_at].supplier, s->name) != 0)
		return 0; /* not enrolled at this bastion */
	u.otp = g->seals[g->seal_at].otp;
	issue_user(g->issue, &u);
	return 0;
}

static int write_users(
	struct db_tx *tx, const char *bastion, struct issue *issue)
{
	_cleanup_gathering_ struct gathering g = {.issue = issue};
	int r;

	r = store_key_list(tx, NULL, take_key, &g);
	if (r == 0)
		r = store_enrolment_list(tx, NULL, bastion, take_seal, &g);
	if (r == 0)
		r = store_supplier_list(tx, write_user, &g);
	return r;
}

/* ---- grants, with their approvers beside them ---- */

struct approver_row {
	char visit[ID_SIZE];
	char person[NAME_SIZE];
};

struct granting {
	struct issue *issue;
	size_t count, room, at;
	struct approver_row *rows;
};

static void granting_done(struct granting *g)
{
	free(g->rows);
}
#define _cleanup_granting_ __attribute__((cleanup(granting_done)))

static int take_approver(void *arg, const char *visit, const struct approval *a)
{
	struct granting *g = arg;
	struct approver_row *row =
		grow((void **)&g->rows, g->count, &g->room, sizeof(*g->rows));

	if (!row)
		return -ENOMEM;
	snprintf(row->visit, ID_SIZE, "%s", visit);
	snprintf(row->person, NAME_SIZE, "%s", a->person);
	g->count++;
	return 0;
}

static size_t approvers_of(struct granting *g, const char *visit,
	const char *ret_names[GRANT_APPROVERS_MAX])
{
	size_t count = 0;

	while (g->at < g->count && strcmp(g->rows[g->at].visit, visit) < 0)
		g->at++;
	while (g->at < g->count && strcmp(g->rows[g->at].visit, visit) == 0) {
		if (count < GRANT_APPROVERS_MAX)
			ret_names[count++] = g->rows[g->at].person;
		g->at++;
	}
	return count;
}

static int write_grant(void *arg, const struct visit *v)
{
	struct granting *g = arg;
	const char *approvers[GRANT_APPROVERS_MAX];
	struct issue_grant grant = {
		.id = v->id,
		.user = v->supplier,
		.targets = v->targets,
		.protocols = v->protocols,
		.account = v->account,
		.not_before = v->not_before,
		.not_after = v->not_after,
		.revoked = v->state == VISIT_REVOKED,
		.approvers = approvers,
		.ticket = v->ticket,
		.record = v->record,
		.files = v->files,
		.sources = v->sources,
	};

	if (v->state != VISIT_APPROVED && v->state != VISIT_REVOKED)
		return 0;
	grant.approver_count = approvers_of(g, v->id, approvers);
	issue_grant(g->issue, &grant);
	return 0;
}

static int write_grants(
	struct db_tx *tx, const char *bastion, int64_t now, struct issue *issue)
{
	_cleanup_granting_ struct granting g = {.issue = issue};
	const struct visit_filter filter = {
		.bastion = bastion,
		.ends_after = now - ISSUE_KEEP_SEC,
	};
	int r;

	issue_grants_begin(issue);
	r = store_approval_list_open(
		tx, bastion, filter.ends_after, take_approver, &g);
	if (r == 0)
		r = store_visit_list(tx, &filter, write_grant, &g);
	return r;
}

/* ---- the whole ---- */

static int sign_snapshot(
	struct desk_tx *tx, const char *bastion, struct snapshot_row *row)
{
	_cleanup_issue_ struct issue issue = {0};
	_cleanup_free_ char *payload = NULL;
	const struct service *s = tx->service;
	const struct issue_head head = {
		.issuer = s->settings.issuer,
		.audience = bastion,
		.issued_at = row->issued_at,
		.expires_at = row->expires_at,
		.serial = row->serial,
	};
	size_t len = 0;
	int r;

	r = issue_begin(&issue, &head);
	if (r == 0)
		r = write_users(&tx->tx, bastion, &issue);
	if (r == 0)
		r = write_grants(&tx->tx, bastion, tx->now, &issue);
	if (r == 0)
		r = issue_end(&issue, &payload, &len);
	if (r == 0)
		r = signer_sign(&s->signer, payload, len, &row->jws);
	return r;
}

/* Is the kept one what a new one would say, and young enough? */
static bool still_good(const struct desk_tx *tx, const struct snapshot_row *row,
	const struct bastion *b)
{
	int64_t life = row->expires_at - row->issued_at;

	return row->revision == b->revision &&
	       strcmp(row->kid, tx->service->signer.kid) == 0 &&
	       tx->now >= row->issued_at && tx->now < row->issued_at + life / 2;
}

/*
 * Serials follow the clock (in ms) where they can, so that a database restored
 * from yesterday's copy does not give out serials that bastions have seen.
 */
static int renew(
	struct desk_tx *tx, const struct bastion *b, struct snapshot_row *row)
{
	const struct approvals_settings *c = &tx->service->settings;
	int64_t last = row->serial;
	int r;

	snapshot_row_done(row);
	*row = (struct snapshot_row){
		.serial = tx->now_ms > last ? tx->now_ms : last + 1,
		.revision = b->revision,
		.issued_at = tx->now,
		.expires_at = tx->now + c->snapshot_life_sec,
	};
	snprintf(row->kid, sizeof(row->kid), "%s", tx->service->signer.kid);
	r = sign_snapshot(tx, b->name, row);
	if (r == 0)
		r = store_snapshot_put(&tx->tx, b->name, row);
	if (r == 0)
		r = desk_commit(tx);
	return r;
}

/* What is kept of this bastion; its row says 0 when there is none yet. */
static int look(struct desk_tx *tx, const char *bastion, bool head_only,
	struct bastion *b, struct snapshot_row *row, struct refusal *ret_why)
{
	int r = store_bastion_head(&tx->tx, bastion, b);

	if (r == -ENOENT || (r == 0 && !b->enrolled))
		return refuse(ret_why, REFUSAL_FORBIDDEN, NULL,
			"bastion %s is not enrolled (any longer)", bastion);
	if (r == 0)
		r = head_only ? store_snapshot_head(&tx->tx, bastion, row)
			      : store_snapshot_get(&tx->tx, bastion, row);
	return r == -ENOENT ? 0 : r;
}

/* Most calls find it good; only who does not takes the writer's turn. */
static int attempt(struct service *s, const char *bastion, bool head_only,
	bool write, struct snapshot_row *ret_snapshot, struct refusal *ret_why)
{
	static const struct caller ourselves = {.source = "local"};
	_cleanup_desk_tx_ struct desk_tx tx = {0};
	_cleanup_bastion_ struct bastion b = {0};
	_cleanup_snapshot_row_ struct snapshot_row row = {0};
	int r;

	r = write ? desk_begin(s, &ourselves, &tx)
		  : desk_begin_read(s, &ourselves, &tx);
	if (r == 0)
		r = look(&tx, bastion, head_only, &b, &row, ret_why);
	if (r < 0)
		return r;
	if (row.serial == 0 || !still_good(&tx, &row, &b)) {
		if (!write)
			return -EAGAIN;
		r = renew(&tx, &b, &row);
		if (r < 0)
			return r;
	}
	*ret_snapshot = row;
	row = (struct snapshot_row){0};
	return 0;
}

int desk_snapshot(struct service *s, const char *bastion, bool head_only,
	struct snapshot_row *ret_snapshot, struct refusal *ret_why)
{
	int r = attempt(s, bastion, head_only, false, ret_snapshot, ret_why);

	if (r == -EAGAIN)
		r = attempt(s, bastion, head_only, true, ret_snapshot, ret_why);
	return r;
}
