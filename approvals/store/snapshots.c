/* SPDX-License-Identifier: BSD-2-Clause */
/* The last snapshot of each bastion in the database. */
#include "approvals/store/snapshots.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void snapshot_row_done(struct snapshot_row *s)
{
	free(s->jws);
	*s = (struct snapshot_row){0};
}

static int get(struct db_tx *tx, const char *sql, const char *bastion,
	struct snapshot_row *ret_snapshot)
{
	_cleanup_db_query_ struct db_query q = {0};
	struct snapshot_row s = {0};
	int r;

	db_query_init(&q, tx, sql);
	db_bind_text(&q, 1, bastion);
	r = db_step(&q);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	s.serial = db_int(&q, 0);
	s.revision = db_int(&q, 1);
	s.issued_at = db_int(&q, 2);
	s.expires_at = db_int(&q, 3);
	snprintf(s.kid, sizeof(s.kid), "%s", db_text(&q, 4));
	s.jws = strdup(db_text(&q, 5));
	if (!s.jws)
		return -ENOMEM;
	*ret_snapshot = s;
	return 0;
}

int store_snapshot_get(struct db_tx *tx, const char *bastion,
	struct snapshot_row *ret_snapshot)
{
	return get(tx,
		"SELECT serial, revision, issued_at, expires_at, kid, jws "
		"FROM snapshot WHERE bastion = $1",
		bastion, ret_snapshot);
}

int store_snapshot_head(struct db_tx *tx, const char *bastion,
	struct snapshot_row *ret_snapshot)
{
	return get(tx,
		"SELECT serial, revision, issued_at, expires_at, kid, '' "
		"FROM snapshot WHERE bastion = $1",
		bastion, ret_snapshot);
}

/* The serial only goes up, whoever writes. */
int store_snapshot_put(
	struct db_tx *tx, const char *bastion, const struct snapshot_row *s)
{
	_cleanup_db_query_ struct db_query q = {0};
	int r;

	db_query_init(&q, tx,
		"INSERT INTO snapshot (bastion, serial, revision, kid, "
		"issued_at, expires_at, jws) VALUES ($1, $2, $3, $4, $5, $6, "
		"$7) ON CONFLICT (bastion) DO UPDATE SET "
		"serial = excluded.serial, revision = excluded.revision, "
		"kid = excluded.kid, issued_at = excluded.issued_at, "
		"expires_at = excluded.expires_at, jws = excluded.jws "
		"WHERE snapshot.serial < excluded.serial");
	db_bind_text(&q, 1, bastion);
	db_bind_int(&q, 2, s->serial);
	db_bind_int(&q, 3, s->revision);
	db_bind_text(&q, 4, s->kid);
	db_bind_int(&q, 5, s->issued_at);
	db_bind_int(&q, 6, s->expires_at);
	db_bind_text(&q, 7, s->jws);
	r = db_run(&q);
	return r > 0 ? 0 : r < 0 ? r : -ESTALE;
}
