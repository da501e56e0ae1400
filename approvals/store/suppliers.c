/* SPDX-License-Identifier: BSD-2-Clause */
/* Suppliers' users, their keys and enrolments in the database. */
#include "approvals/store/suppliers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int run(struct db_query *q, int none)
{
	int r = db_run(q);

	return r > 0 ? 0 : r < 0 ? r : none;
}

/* The counter only goes up, also when a uid was left out or its user went. */
static int next_uid(
	struct db_tx *tx, uint32_t uid_min, uint32_t uid_max, uint32_t *ret_uid)
{
	_cleanup_db_query_ struct db_query up = {0}, q = {0};
	int r;

	db_query_init(&up, tx,
		"INSERT INTO counter (name, value) VALUES ('uid', $1) "
		"ON CONFLICT (name) DO UPDATE SET value = CASE "
		"WHEN counter.value < $1 THEN $1 ELSE counter.value + 1 END");
	db_bind_int(&up, 1, uid_min);
	r = run(&up, -EIO);
	if (r < 0)
		return r;
	db_query_init(&q, tx, "SELECT value FROM counter WHERE name = 'uid'");
	r = db_step(&q);
	if (r <= 0)
		return r < 0 ? r : -EIO;
	if (db_int(&q, 0) < uid_min || db_int(&q, 0) > uid_max)
		return -ERANGE;
	*ret_uid = (uint32_t)db_int(&q, 0);
	return 0;
}

int store_supplier_add(struct db_tx *tx, const char *name, const char *gecos,
	uint32_t uid_min, uint32_t uid_max, int64_t now, uint32_t *ret_uid)
{
	_cleanup_db_query_ struct db_query q = {0};
	uint32_t uid;
	int r;

	r = next_uid(tx, uid_min, uid_max, &uid);
	if (r < 0)
		return r;
	db_query_init(&q, tx,
		"INSERT INTO supplier (name, uid, gecos, disabled, created_at) "
		"VALUES ($1, $2, $3, 0, $4)");
	db_bind_text(&q, 1, name);
	db_bind_int(&q, 2, uid);
	db_bind_text(&q, 3, gecos);
	db_bind_int(&q, 4, now);
	r = run(&q, -EIO);
	if (r == 0)
		*ret_uid = uid;
	return r;
}

#define SUPPLIER_COLUMNS "SELECT name, uid, gecos, disabled FROM supplier "

static void take_supplier(struct db_query *q, struct supplier *ret_supplier)
{
	*ret_supplier = (struct supplier){
		.uid = (uint32_t)db_int(q, 1),
		.disabled = db_int(q, 3) != 0,
	};
	snprintf(ret_supplier->name, NAME_SIZE, "%s", db_text(q, 0));
	snprintf(ret_supplier->gecos, SUPPLIER_GECOS_SIZE, "%s", db_text(q, 2));
}

int store_supplier_get(
	struct db_tx *tx, const char *name, struct supplier *ret_supplier)
{
	_cleanup_db_query_ struct db_query q = {0};
	int r;

	db_query_init(&q, tx, SUPPLIER_COLUMNS "WHERE name = $1");
	db_bind_text(&q, 1, name);
	r = db_step(&q);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	take_supplier(&q, ret_supplier);
	return 0;
}

int store_supplier_list(struct db_tx *tx, supplier_each each, void *arg)
{
	_cleanup_db_query_ struct db_query q = {0};
	int r;

	db_query_init(&q, tx, SUPPLIER_COLUMNS "ORDER BY name");
	while ((r = db_step(&q)) > 0) {
		struct supplier s;

		take_supplier(&q, &s);
		r = each(arg, &s);
		if (r != 0)
			break;
	}
	return r;
}

int store_supplier_disable(struct db_tx *tx, const char *name, bool disabled)
{
	_cleanup_db_query_ struct db_query q = {0};

	db_query_init(
		&q, tx, "UPDATE supplier SET disabled = $2 WHERE name = $1");
	db_bind_text(&q, 1, name);
	db_bind_int(&q, 2, disabled);
	return run(&q, -ENOENT);
}

/* A key that was removed may come back, to the one who had it. */
int store_key_add(struct db_tx *tx, const char *supplier,
	const char *fingerprint, const char *line, const char *by, int64_t now)
{
	_cleanup_db_query_ struct db_query q = {0};

	db_query_init(&q, tx,
		"INSERT INTO ssh_key (fingerprint, supplier, line, state, "
		"added_at, added_by) VALUES ($1, $2, $3, 'good', $4, $5) "
		"ON CONFLICT (fingerprint) DO UPDATE SET state = 'good', "
		"added_at = excluded.added_at, added_by = excluded.added_by "
		"WHERE ssh_key.supplier = excluded.supplier "
		"AND ssh_key.state = 'removed'");
	db_bind_text(&q, 1, fingerprint);
	db_bind_text(&q, 2, supplier);
	db_bind_text(&q, 3, line);
	db_bind_int(&q, 4, now);
	db_bind_text(&q, 5, by);
	return run(&q, -EEXIST);
}

int store_key_remove(
	struct db_tx *tx, const char *supplier, const char *fingerprint)
{
	_cleanup_db_query_ struct db_query q = {0};

	db_query_init(&q, tx,
		"UPDATE ssh_key SET state = 'removed' WHERE fingerprint = $1 "
		"AND supplier = $2 AND state = 'good'");
	db_bind_text(&q, 1, fingerprint);
	db_bind_text(&q, 2, supplier);
	return run(&q, -ENOENT);
}

int store_key_list(
	struct db_tx *tx, const char *supplier, key_each each, void *arg)
{
	_cleanup_db_query_ struct db_query q = {0};
	int r;

	db_query_init(&q, tx,
		"SELECT supplier, line, fingerprint FROM ssh_key "
		"WHERE state = 'good' AND ($1 = '' OR supplier = $1) "
		"ORDER BY supplier, added_at, fingerprint");
	db_bind_text(&q, 1, supplier);
	while ((r = db_step(&q)) > 0) {
		r = each(arg, db_text(&q, 0), db_text(&q, 1), db_text(&q, 2));
		if (r != 0)
			break;
	}
	return r;
}

int store_enrolment_put(struct db_tx *tx, const char *supplier,
	const char *bastion, const char *otp, int64_t now)
{
	_cleanup_db_query_ struct db_query q = {0};

	db_query_init(&q, tx,
		"INSERT INTO enrolment (supplier, bastion, otp, otp_at) "
		"VALUES ($1, $2, $3, $4) ON CONFLICT (supplier, bastion) "
		"DO UPDATE SET otp = excluded.otp, otp_at = excluded.otp_at");
	db_bind_text(&q, 1, supplier);
	db_bind_text(&q, 2, bastion);
	db_bind_text(&q, 3, otp);
	db_bind_int(&q, 4, now);
	return run(&q, -EIO);
}

int store_enrolment_list(struct db_tx *tx, const char *supplier,
	const char *bastion, enrolment_each each, void *arg)
{
	_cleanup_db_query_ struct db_query q = {0};
	int r;

	db_query_init(&q, tx,
		"SELECT supplier, bastion, otp FROM enrolment "
		"WHERE ($1 = '' OR supplier = $1) "
		"AND ($2 = '' OR bastion = $2) ORDER BY supplier, bastion");
	db_bind_text(&q, 1, supplier);
	db_bind_text(&q, 2, bastion);
	while ((r = db_step(&q)) > 0) {
		r = each(arg, db_text(&q, 0), db_text(&q, 1), db_text(&q, 2));
		if (r != 0)
			break;
	}
	return r;
}
