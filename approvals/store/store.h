/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the service keeps, and what is common to all of it. Beside this stand
 * people.h, bastions.h, suppliers.h, visits.h, snapshots.h and log.h: one
 * function a question or change, all of them inside a transaction of the
 * caller's. -ENOENT: no such row; -ESTALE: the row is no longer what the
 * caller looked at; -EEXIST: it is there already. Strings in rows are owned
 * by the row (its _done()), unless they are fixed in size.
 */
#ifndef JUMP_APPROVALS_STORE_STORE_H
#define JUMP_APPROVALS_STORE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "approvals/store/db.h"

/*
 * Brings a database to today's schema: each numbered migration in its own
 * transaction. Returns the version, or -errno; -EPROTO when the database is
 * of a later version than this program.
 */
int store_migrate(struct db *db);

/* 26 characters of Crockford's base 32 that sort by time, and their NUL. */
#define ULID_SIZE 27
int ulid_make(int64_t now_ms, char ret_ulid[ULID_SIZE]);

/* Lower-case hex of a SHA-256, and its NUL. */
#define DIGEST_SIZE 65
int digest_hex(const void *bytes, size_t len, char ret_hex[DIGEST_SIZE]);

#endif
