/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bastions: their one-time tokens, their keys, what they reported, and the
 * revision that says whether their snapshot is still what it was.
 */
#ifndef JUMP_APPROVALS_STORE_BASTIONS_H
#define JUMP_APPROVALS_STORE_BASTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "approvals/store/db.h"
#include "base/name.h"

int store_token_add(struct db_tx *tx, const char *hash, const char *bastion,
	int64_t now, int64_t expires);
/* Whose it is; -ENOENT when unknown, used or expired. */
int store_token_find(struct db_tx *tx, const char *hash, int64_t now,
	char ret_bastion[NAME_SIZE]);
int store_token_use(struct db_tx *tx, const char *hash, int64_t now);

struct bastion {
	char name[NAME_SIZE];
	bool enrolled;
	char *seal_jwk;
	char *inventory; /* "" until uploaded */
	int64_t inventory_at, inventory_rev;
	int64_t revision;
};
void bastion_done(struct bastion *b);
#define _cleanup_bastion_ __attribute__((cleanup(bastion_done)))
int store_bastion_get(
	struct db_tx *tx, const char *name, struct bastion *ret_bastion);
/* The same, its inventory left empty: that can be megabytes. */
int store_bastion_head(
	struct db_tx *tx, const char *name, struct bastion *ret_bastion);
/* Enrols it, anew when it is there: revision goes on, inventory stays. A
 * new sealing key makes the old seals worthless: they are dropped. */
int store_bastion_enrol(
	struct db_tx *tx, const char *name, const char *seal_jwk, int64_t now);
int store_bastion_revoke(struct db_tx *tx, const char *name);
int store_bastion_inventory(
	struct db_tx *tx, const char *name, const char *inventory, int64_t now);
/* Its snapshot says something else from now on. */
int store_bastion_touch(struct db_tx *tx, const char *name);
/* Those where this supplier is enrolled. */
int store_bastions_touch_of(struct db_tx *tx, const char *supplier);
typedef int (*bastion_each)(void *arg, const struct bastion *b);
/* In the order of names, inventories left empty. */
int store_bastion_list(struct db_tx *tx, bastion_each each, void *arg);

#endif
