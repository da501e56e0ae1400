/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening a sealed seed: a compact JWE to this bastion's own key, of one
 * algorithm, whose header is judged here before libjose sees anything.
 */
#ifndef JUMP_GRANTS_SEAL_H
#define JUMP_GRANTS_SEAL_H

#include <sys/types.h>

#include "grants/key.h"
#include "grants/seed.h"

#define SEAL_KEY_DIR  "/etc/jump/bastion"
#define SEAL_KEY_NAME "seal.jwk"
#define SEAL_TYPE     "jump-seed+jwe"
#define SEAL_MAX      2048

/* Reads the bastion's key, DIR/seal.jwk of `owner`, 0600. 0 or -EBADMSG. */
int seal_key_load(const char *dir, uid_t owner, struct key *ret_key,
	struct fault *ret_fault);

/*
 * Opens one seed for one user of this bastion. Returns 0; -EBADMSG and a
 * fault of words form, header, key, seal, seed; -ENOMEM. Nothing of the
 * secret is in the fault. Source: RFC 7516, RFC 7518 section 4.6; T-SEED.
 */
int seal_open(const struct key *key, const char *jwe, const char *bastion_id,
	const char *user, struct seed *ret_seed, struct fault *ret_fault);

#endif
