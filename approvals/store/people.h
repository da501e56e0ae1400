/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may call the service: people with roles, bastions, and the certificates
 * by which both are known. A certificate that is not here is nobody.
 */
#ifndef JUMP_APPROVALS_STORE_PEOPLE_H
#define JUMP_APPROVALS_STORE_PEOPLE_H

#include <stdint.h>

#include "approvals/rules/role.h"
#include "approvals/store/db.h"
#include "base/name.h"

struct person {
	char name[NAME_SIZE];
	role_set roles;
	bool active;
};
int store_person_get(
	struct db_tx *tx, const char *name, struct person *ret_person);
/* Makes it or sets its roles; active from then on. */
int store_person_put(
	struct db_tx *tx, const char *name, role_set roles, int64_t now);
/* Its certificates are revoked with it. */
int store_person_disable(struct db_tx *tx, const char *name);

enum holder { HOLDER_NONE = 0, HOLDER_PERSON, HOLDER_BASTION };
struct holder_of {
	enum holder kind;
	char name[NAME_SIZE];
};
/* Only certificates in good state, not expired at `now`; else -ENOENT. */
int store_certificate_find(struct db_tx *tx, const char *fingerprint,
	int64_t now, struct holder_of *ret_holder);
int store_certificate_add(struct db_tx *tx, const char *fingerprint,
	const struct holder_of *holder, int64_t now, int64_t expires);
int store_certificates_revoke(struct db_tx *tx, const struct holder_of *holder);

#endif
