/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seam over the database: transactions, statements, rows; text and 64-bit
 * integers, nothing else. Parameters are $1..$n and the SQL is what SQLite
 * and PostgreSQL both understand, so that another backend is another file
 * with these functions.
 *
 * One connection under one lock. Whoever has a transaction has the lock, so
 * a transaction is short and never waits for the network.
 */
#ifndef JUMP_APPROVALS_STORE_DB_H
#define JUMP_APPROVALS_STORE_DB_H

#include <stdint.h>

struct db;

/*
 * Opens (and makes, mode by umask) the database file, durable to the disk at
 * each commit. Returns 0 or -errno. Not migrated yet: store_migrate().
 */
int db_open(const char *path, struct db **ret_db);
void db_close(struct db *db); /* NULL is fine */
static inline void cleanup_db(struct db **db)
{
	db_close(*db);
}
#define _cleanup_db_ __attribute__((cleanup(cleanup_db)))

/* What the backend said about the last failure on it; for logs only. */
const char *db_error(const struct db *db);

/*
 * Begins a writing transaction: waits for the lock. Declare the transaction
 * with _cleanup_db_tx_: what was not committed is rolled back.
 */
struct db_tx {
	struct db *db; /* NULL: none open */
};
int db_begin(struct db *db, struct db_tx *ret_tx);
/* One that only reads: does not wait for writers of other processes. */
int db_begin_read(struct db *db, struct db_tx *ret_tx);
int db_commit(struct db_tx *tx); /* durable when it returns 0 */
void db_tx_done(struct db_tx *tx);
#define _cleanup_db_tx_ __attribute__((cleanup(db_tx_done)))

/* Several statements without parameters: migrations. */
int db_script(struct db_tx *tx, const char *sql);

/*
 * One statement. Binding errors are kept and come out of db_step(), so that
 * only its result is looked at:
 *
 *	_cleanup_db_query_ struct db_query q;
 *	db_query_init(&q, tx, "SELECT a FROM t WHERE b = $1");
 *	db_bind_text(&q, 1, b);
 *	while ((r = db_step(&q)) > 0)
 *		... db_text(&q, 0) ...
 */
struct db_query {
	struct db_tx *tx;
	void *statement;
	int error;
};
void db_query_init(struct db_query *q, struct db_tx *tx, const char *sql);
void db_query_done(struct db_query *q);
#define _cleanup_db_query_ __attribute__((cleanup(db_query_done)))
void db_bind_text(struct db_query *q, int index, const char *text);
void db_bind_int(struct db_query *q, int index, int64_t value);

/* 1: a row, 0: no more, -errno (-EEXIST: a constraint refused). */
int db_step(struct db_query *q);

/* Columns of the row, from 0. Borrowed until the next step; never NULL. */
const char *db_text(struct db_query *q, int column);
int64_t db_int(struct db_query *q, int column);

/* Runs a statement that has no rows. Rows changed, or -errno. */
int db_run(struct db_query *q);

#endif
