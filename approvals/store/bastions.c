/* SPDX-License-Identifier: BSD-2-Clause */
/* Bastions and their tokens in the database. */
#include "approvals/store/bastions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

int store_token_add(struct db_tx *tx, const char *hash, const char *bastion,
	int64_t now, int64_t expires)
{
	_cleanup_db_query_ struct db_query q = {0};
	int r;

	db_query_init(&q, tx,
		"INSERT INTO token (hash, bastion, created_at, expires_at, "
		"used_at) VALUES ($1, $2, $3, $4, 0)");
	db_bind_text(&q, 1, hash);
	db_bind_text(&q, 2, bastion);
	db_bind_int(&q, 3, now);
	db_bind_int(&q, 4, expires);
	r = db_run(&q);
	return r < 0 ? r : 0;
}

int store_token_find(struct db_tx *tx, const char *hash, int64_t now,
	char ret_bastion[NAME_SIZE])
{
	_cleanup_db_query_ struct db_query q = {0};
	int r;

	db_query_init(&q, tx,
		"SELECT bastion FROM token "
		"WHERE hash = $1 AND used_at = 0 AND expires_at > $2");
	db_bind_text(&q, 1, hash);
	db_bind_int(&q, 2, now);
	r = db_step(&q);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	snprintf(ret_bastion, NAME_SIZE, "%s", db_text(&q, 0));
	return 0;
}

int store_token_use(struct db_tx *tx, const char *hash, int64_t now)
{
	_cleanup_db_query_ struct db_query q = {0};
	int r;

	db_query_init(&q, tx,
		"UPDATE token SET used_at = $2 "
		"WHERE hash = $1 AND used_at = 0 AND expires_at > $2");
	db_bind_text(&q, 1, hash);
	db_bind_int(&q, 2, now);
	r = db_run(&q);
	return r > 0 ? 0 : r < 0 ? r : -ENOENT;
}

void bastion_done(struct bastion *b)
{
	free(b->seal_jwk);
	free(b->inventory);
	*b = (struct bastion){0};
}

#define BASTION_SELECT(inventory)                                              \
	"SELECT name, state, seal_jwk, " inventory                             \
	", inventory_at, inventory_rev, revision FROM bastion "

static int take_bastion(struct db_query *q, struct bastion *ret_bastion)
{
	struct bastion b = {
		.enrolled = strcmp(db_text(q, 1), "enrolled") == 0,
		.seal_jwk = strdup(db_text(q, 2)),
		.inventory = strdup(db_text(q, 3)),
		.inventory_at = db_int(q, 4),
		.inventory_rev = db_int(q, 5),
		.revision = db_int(q, 6),
	};

	if (!b.seal_jwk || !b.inventory) {
		bastion_done(&b);
		return -ENOMEM;
	}
	snprintf(b.name, NAME_SIZE, "%s", db_text(q, 0));
	*ret_bastion = b;
	return 0;
}

static int get(struct db_tx *tx, const char *sql, const char *name,
	struct bastion *ret_bastion)
{
	_cleanup_db_query_ struct db_query q = {0};
	int r;

	db_query_init(&q, tx, sql);
	db_bind_text(&q, 1, name);
	r = db_step(&q);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	return take_bastion(&q, ret_bastion);
}

int store_bastion_get(
	struct db_tx *tx, const char *name, struct bastion *ret_bastion)
{
	return get(tx, BASTION_SELECT("inventory") "WHERE name = $1", name,
		ret_bastion);
}

int store_bastion_head(
	struct db_tx *tx, const char *name, struct bastion *ret_bastion)
{
	return get(
		tx, BASTION_SELECT("''") "WHERE name = $1", name, ret_bastion);
}

int store_bastion_list(struct db_tx *tx, bastion_each each, void *arg)
{
	_cleanup_db_query_ struct db_query q = {0};
	int r;

	db_query_init(&q, tx, BASTION_SELECT("''") "ORDER BY name");
	while ((r = db_step(&q)) > 0) {
		_cleanup_bastion_ struct bastion b = {0};

		r = take_bastion(&q, &b);
		if (r == 0)
			r = each(arg, &b);
		if (r != 0)
			break;
	}
	return r;
}

static int drop_seals(struct db_tx *tx, const char *bastion)
{
	_cleanup_db_query_ struct db_query q = {0};
	int r;

	db_query_init(&q, tx,
		"UPDATE enrolment SET otp = '', otp_at = 0 "
		"WHERE bastion = $1");
	db_bind_text(&q, 1, bastion);
	r = db_run(&q);
	return r < 0 ? r : 0;
}

int store_bastion_enrol(
	struct db_tx *tx, const char *name, const char *seal_jwk, int64_t now)
{
	_cleanup_db_query_ struct db_query q = {0};
	int r;

	db_query_init(&q, tx,
		"INSERT INTO bastion (name, state, seal_jwk, inventory, "
		"inventory_at, inventory_rev, revision, enrolled_at) "
		"VALUES ($1, 'enrolled', $2, '', 0, 0, 1, $3) "
		"ON CONFLICT (name) DO UPDATE SET state = 'enrolled', "
		"seal_jwk = excluded.seal_jwk, "
		"revision = bastion.revision + 1, "
		"enrolled_at = excluded.enrolled_at");
	db_bind_text(&q, 1, name);
	db_bind_text(&q, 2, seal_jwk);
	db_bind_int(&q, 3, now);
	r = db_run(&q);
	return r < 0 ? r : drop_seals(tx, name);
}

static int update_named(struct db_tx *tx, const char *sql, const char *name)
{
	_cleanup_db_query_ struct db_query q = {0};
	int r;

	db_query_init(&q, tx, sql);
	db_bind_text(&q, 1, name);
	r = db_run(&q);
	return r > 0 ? 0 : r < 0 ? r : -ENOENT;
}

int store_bastion_revoke(struct db_tx *tx, const char *name)
{
	return update_named(tx,
		"UPDATE bastion SET state = 'revoked' WHERE name = $1", name);
}

int store_bastion_touch(struct db_tx *tx, const char *name)
{
	return update_named(tx,
		"UPDATE bastion SET revision = revision + 1 WHERE name = $1",
		name);
}

int store_bastions_touch_of(struct db_tx *tx, const char *supplier)
{
	int r = update_named(tx,
		"UPDATE bastion SET revision = revision + 1 WHERE name IN "
		"(SELECT bastion FROM enrolment WHERE supplier = $1)",
		supplier);

	return r == -ENOENT ? 0 : r; /* enrolled nowhere yet */
}

int store_bastion_inventory(
	struct db_tx *tx, const char *name, const char *inventory, int64_t now)
{
	_cleanup_db_query_ struct db_query q = {0};
	int r;

	db_query_init(&q, tx,
		"UPDATE bastion SET inventory = $2, inventory_at = $3, "
		"inventory_rev = inventory_rev + 1 "
		"WHERE name = $1");
	db_bind_text(&q, 1, name);
	db_bind_text(&q, 2, inventory);
	db_bind_int(&q, 3, now);
	r = db_run(&q);
	return r > 0 ? 0 : r < 0 ? r : -ENOENT;
}
