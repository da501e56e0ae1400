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

#include "base/name.h"
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

/* A key that was looked at: kty, crv, x, y (and d) alone. */
struct key {
	char kid[ID_SIZE];
	json_t *jwk; /* owned */
};
void key_done(struct key *k);
#define _cleanup_key_ __attribute__((cleanup(key_done)))

/*
 * Reads dirfd/name, a trusted file of `owner` that is a JWK of this kind. A
 * signer's `kid` is the file's name without ".jwk", and where the member
 * stands it says the same; the seal's stands in it. Returns 0; -EBADMSG and a
 * fault of word "key". Source: RFC 7517, RFC 7518 section 6.2; threat T-KID.
 */
int key_load(int dirfd, const char *name, uid_t owner,
	const struct key_kind *kind, struct key *ret_key,
	struct fault *ret_fault);

/* The same of bytes in memory, as if read from a file of that name. */
int key_parse(const char *bytes, size_t len, const char *name,
	const struct key_kind *kind, struct key *ret_key,
	struct fault *ret_fault);

/* libjose's errors go nowhere: libraries do not log. NULL: no memory. */
jose_cfg_t *key_quiet_cfg(void);

#endif
