/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbered migrations, embedded at build: each is one transaction together
 * with the number it brings the schema to, so that a database is always of
 * exactly one version.
 */
#include <errno.h>

#include "approvals/store/store.h"
#include "base/cleanup.h"

static const struct {
	int version;
	const char *name;
	const char *sql;
} migrations[] = {
#include "approvals/store/migrations.inc"
};

static int read_version(struct db_tx *tx, int64_t *ret_version)
{
	_cleanup_db_query_ struct db_query q = {0};
	int r;

	db_query_init(&q, tx, "SELECT max(version) FROM schema_version");
	r = db_step(&q);
	if (r < 0)
		return r;
	*ret_version = r > 0 ? db_int(&q, 0) : 0;
	return 0;
}

static int write_version(struct db_tx *tx, int version)
{
	_cleanup_db_query_ struct db_query q = {0};
	int r;

	db_query_init(
		&q, tx, "INSERT INTO schema_version (version) VALUES ($1)");
	db_bind_int(&q, 1, version);
	r = db_run(&q);
	return r < 0 ? r : 0;
}

/* A number may have several files (one text for all databases, one for this
 * one): they belong together. */
static int run_number(struct db_tx *tx, int version)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(migrations); i++)
		if (migrations[i].version == version)
			r = db_script(tx, migrations[i].sql);
	return r < 0 ? r : write_version(tx, version);
}

static int latest(void)
{
	int version = 0;

	for (size_t i = 0; i < ARRAY_LEN(migrations); i++)
		if (migrations[i].version > version)
			version = migrations[i].version;
	return version;
}

/* Looks and moves in one transaction, so that two programs that start at
 * once do not both move. */
static int migrate_one(struct db *db, int64_t *ret_version)
{
	_cleanup_db_tx_ struct db_tx tx = {0};
	int r;

	r = db_begin(db, &tx);
	if (r == 0)
		r = db_script(&tx, "CREATE TABLE IF NOT EXISTS schema_version "
				   "(version bigint PRIMARY KEY)");
	if (r == 0)
		r = read_version(&tx, ret_version);
	if (r < 0)
		return r;
	if (*ret_version > latest())
		return -EPROTO;
	if (*ret_version == latest())
		return 0;
	r = run_number(&tx, (int)*ret_version + 1);
	if (r == 0)
		r = db_commit(&tx);
	return r;
}

int store_migrate(struct db *db)
{
	int64_t version = -1;

	while (version < latest()) {
		int r = migrate_one(db, &version);

		if (r < 0)
			return r;
	}
	return (int)version;
}
