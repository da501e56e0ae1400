/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The suppliers' engineers: names, uids, keys, and where each is enrolled with
 * which sealed seed.
 */
#ifndef JUMP_APPROVALS_STORE_SUPPLIERS_H
#define JUMP_APPROVALS_STORE_SUPPLIERS_H

#include <stdbool.h>
#include <stdint.h>

#include "approvals/store/db.h"
#include "base/name.h"

#define SUPPLIER_KEYS_MAX   8
#define SUPPLIER_GECOS_SIZE 64
struct supplier {
	char name[NAME_SIZE];
	uint32_t uid;
	char gecos[SUPPLIER_GECOS_SIZE];
	bool disabled;
};
/* The next uid of uid_min..uid_max that was never given out; -ERANGE when
 * there is none left. */
int store_supplier_add(struct db_tx *tx, const char *name, const char *gecos,
	uint32_t uid_min, uint32_t uid_max, int64_t now, uint32_t *ret_uid);
int store_supplier_get(
	struct db_tx *tx, const char *name, struct supplier *ret_supplier);
int store_supplier_disable(struct db_tx *tx, const char *name, bool disabled);
typedef int (*supplier_each)(void *arg, const struct supplier *s);
int store_supplier_list(struct db_tx *tx, supplier_each each, void *arg);

/* -EEXIST: another supplier has this key. */
int store_key_add(struct db_tx *tx, const char *supplier,
	const char *fingerprint, const char *line, const char *by, int64_t now);
int store_key_remove(
	struct db_tx *tx, const char *supplier, const char *fingerprint);
typedef int (*key_each)(void *arg, const char *supplier, const char *line,
	const char *fingerprint);
/* Of one supplier, or of all (NULL) in the order of their names. */
int store_key_list(
	struct db_tx *tx, const char *supplier, key_each each, void *arg);

/* Makes the enrolment or replaces its seal. */
int store_enrolment_put(struct db_tx *tx, const char *supplier,
	const char *bastion, const char *otp, int64_t now);
typedef int (*enrolment_each)(
	void *arg, const char *supplier, const char *bastion, const char *otp);
/* Of one supplier; of one bastion; either may be NULL for all. */
int store_enrolment_list(struct db_tx *tx, const char *supplier,
	const char *bastion, enrolment_each each, void *arg);

#endif
