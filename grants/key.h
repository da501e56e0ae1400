/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys as files: a JWK of one closed form, so that no key can be used for
 * what it is not meant for, and libjose gets only what we have looked at.
 */
#ifndef JUMP_GRANTS_KEY_H
#define JUMP_GRANTS_KEY_H

#include <jose/cfg.h>
#include <stdbool.h>
#include <sys/types.h>

#include "grants/fault.h"
#include "json/strict.h"

/* What a key of some purpose may say of itself. All are EC P-256. */
struct key_kind {
	bool is_private; /* has `d`, resp. must not have it */
	const char *alg; /* of the members `alg`, `use`, when they stand */
	const char *use;
};
extern const struct key_kind key_of_signer; /* in the trust folder */
extern const struct key_kind key_of_seal;   /* the bastion's own */

/*
 * Reads dirfd/name, a trusted file of `owner` that is a JWK of this kind. Its
 * `kid`, when it stands there, is the name without ".jwk" for a signer.
 * Returns 0 and a JWK of kty, crv, x, y (and d) alone, which the caller
 * owns; -EBADMSG and a fault of word "key". Source: RFC 7517, RFC 7518
 * section 6.2; threat T-KID.
 */
int key_load(int dirfd, const char *name, uid_t owner,
	const struct key_kind *kind, json_t **ret_jwk, struct fault *ret_fault);

/* The same of bytes in memory; name may be NULL. */
int key_parse(const char *bytes, size_t len, const char *name,
	const struct key_kind *kind, json_t **ret_jwk, struct fault *ret_fault);

/* libjose's errors go nowhere: libraries do not log. NULL: no memory. */
jose_cfg_t *key_quiet_cfg(void);

#endif
