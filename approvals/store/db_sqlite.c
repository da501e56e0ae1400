/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seam over SQLite: write-ahead log, full sync, one connection. The lock
 * is ours and not SQLite's, so that threads queue instead of finding the
 * database busy; other processes (administration on the service's host) are
 * waited for.
 */
#include "approvals/store/db.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define BUSY_WAIT_MS 10000

struct db {
	sqlite3 *handle;
	pthread_mutex_t lock;
	char error[256];
};

static int map_error(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
		return 0;
	case SQLITE_CONSTRAINT:
		return -EEXIST;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return -EACCES;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	default:
		return -EIO;
	}
}

static int failed(struct db *db, int code)
{
	if (code == SQLITE_OK)
		return 0;
	snprintf(db->error, sizeof(db->error), "%s",
		db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(code));
	return map_error(code);
}

static int execute(struct db *db, const char *sql)
{
	return failed(db, sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

static int configure(struct db *db)
{
	static const char *const pragmas[] = {
		"PRAGMA journal_mode = WAL",
		"PRAGMA synchronous = FULL",
		"PRAGMA foreign_keys = ON",
		"PRAGMA trusted_schema = OFF",
		"PRAGMA cell_size_check = ON",
		"PRAGMA temp_store = MEMORY",
	};
	int r = 0;

	(void)sqlite3_extended_result_codes(db->handle, 1);
	(void)sqlite3_busy_timeout(db->handle, BUSY_WAIT_MS);
	(void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(pragmas); i++)
		r = execute(db, pragmas[i]);
	return r;
}

int db_open(const char *path, struct db **ret_db)
{
	_cleanup_db_ struct db *db = calloc(1, sizeof(*db));
	int r;

	if (!db)
		return -ENOMEM;
	if (pthread_mutex_init(&db->lock, NULL) != 0)
		return -ENOMEM;
	r = failed(
		db, sqlite3_open_v2(path, &db->handle,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
				    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW,
			    NULL));
	if (r == 0)
		r = configure(db);
	if (r == 0)
		*ret_db = TAKE_PTR(db);
	return r;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	(void)sqlite3_close(db->handle);
	(void)pthread_mutex_destroy(&db->lock);
	free(db);
}

const char *db_error(const struct db *db)
{
	return db->error;
}

static int begin(struct db *db, const char *sql, struct db_tx *ret_tx)
{
	int r;

	(void)pthread_mutex_lock(&db->lock);
	r = execute(db, sql);
	if (r < 0) {
		(void)pthread_mutex_unlock(&db->lock);
		return r;
	}
	ret_tx->db = db;
	return 0;
}

int db_begin(struct db *db, struct db_tx *ret_tx)
{
	return begin(db, "BEGIN IMMEDIATE", ret_tx);
}

int db_begin_read(struct db *db, struct db_tx *ret_tx)
{
	return begin(db, "BEGIN DEFERRED", ret_tx);
}

int db_commit(struct db_tx *tx)
{
	int r = execute(tx->db, "COMMIT");

	if (r < 0) {
		db_tx_done(tx);
		return r;
	}
	(void)pthread_mutex_unlock(&tx->db->lock);
	tx->db = NULL;
	return 0;
}

void db_tx_done(struct db_tx *tx)
{
	if (!tx->db)
		return;
	/* Some errors have rolled back already; then this one says so. */
	if (!sqlite3_get_autocommit(tx->db->handle))
		(void)sqlite3_exec(
			tx->db->handle, "ROLLBACK", NULL, NULL, NULL);
	(void)pthread_mutex_unlock(&tx->db->lock);
	tx->db = NULL;
}

int db_script(struct db_tx *tx, const char *sql)
{
	return execute(tx->db, sql);
}

void db_query_init(struct db_query *q, struct db_tx *tx, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	int code =
		sqlite3_prepare_v2(tx->db->handle, sql, -1, &statement, NULL);

	*q = (struct db_query){.tx = tx, .statement = statement};
	q->error = failed(tx->db, code);
}

void db_query_done(struct db_query *q)
{
	(void)sqlite3_finalize(q->statement);
	q->statement = NULL;
}

/* $1 is a name to SQLite, not a position. */
static int position(struct db_query *q, int index)
{
	char name[16];

	snprintf(name, sizeof(name), "$%d", index);
	return sqlite3_bind_parameter_index(q->statement, name);
}

void db_bind_text(struct db_query *q, int index, const char *text)
{
	if (q->error == 0)
		q->error = failed(q->tx->db,
			sqlite3_bind_text(q->statement, position(q, index),
				text ? text : "", -1, SQLITE_TRANSIENT));
}

void db_bind_int(struct db_query *q, int index, int64_t value)
{
	if (q->error == 0)
		q->error =
			failed(q->tx->db, sqlite3_bind_int64(q->statement,
						  position(q, index), value));
}

int db_step(struct db_query *q)
{
	int code;

	if (q->error < 0)
		return q->error;
	code = sqlite3_step(q->statement);
	if (code == SQLITE_ROW)
		return 1;
	if (code == SQLITE_DONE)
		return 0;
	q->error = failed(q->tx->db, code);
	return q->error;
}

const char *db_text(struct db_query *q, int column)
{
	const char *text =
		(const char *)sqlite3_column_text(q->statement, column);

	return text ? text : "";
}

int64_t db_int(struct db_query *q, int column)
{
	return sqlite3_column_int64(q->statement, column);
}

int db_run(struct db_query *q)
{
	int r = db_step(q);

	if (r < 0)
		return r;
	return r > 0 ? -EIO : sqlite3_changes(q->tx->db->handle);
}
