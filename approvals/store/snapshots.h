/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last snapshot that was signed for each bastion.
 */
#ifndef JUMP_APPROVALS_STORE_SNAPSHOTS_H
#define JUMP_APPROVALS_STORE_SNAPSHOTS_H

#include <stdint.h>

#include "approvals/store/db.h"
#include "base/name.h"

struct snapshot_row {
	int64_t serial, revision, issued_at, expires_at;
	char kid[ID_SIZE];
	char *jws; /* owned */
};
void snapshot_row_done(struct snapshot_row *s);
#define _cleanup_snapshot_row_ __attribute__((cleanup(snapshot_row_done)))
int store_snapshot_get(struct db_tx *tx, const char *bastion,
	struct snapshot_row *ret_snapshot);
/* without the text itself */
int store_snapshot_head(struct db_tx *tx, const char *bastion,
	struct snapshot_row *ret_snapshot);
int store_snapshot_put(struct db_tx *tx, const char *bastion,
	const struct snapshot_row *snapshot);

#endif
