/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Seeds of one-time codes: made here, shown once, and kept only sealed to the
 * bastion that will check them (JWE, ECDH-ES+A256KW, A256GCM).
 */
#ifndef JUMP_APPROVALS_SIGN_SEAL_H
#define JUMP_APPROVALS_SIGN_SEAL_H

#include <jansson.h>

#include "approvals/rules/refusal.h"

/* 20 random bytes in base 32 (RFC 4648), and the NUL. A secret. */
#define SEED_TEXT_SIZE 33
int seed_make(char ret_seed[SEED_TEXT_SIZE]);

/* What an authenticator's camera reads; a secret as well. */
#define OTPAUTH_URI_SIZE 256
int seed_uri(const char *seed, const char *issuer, const char *user,
	const char *bastion, char ret_uri[OTPAUTH_URI_SIZE]);

/*
 * Judges the public key that a bastion wants its seeds sealed to. Returns 0
 * and its text as it is kept, which the caller frees; -EPERM: refused.
 */
int seal_key_check(const json_t *jwk, char **ret_text, struct refusal *ret_why);

/*
 * Seals a seed to such a key. The compact JWE is the caller's to free.
 * Source: doc/formats/snapshot.md section 3; RFC 7516, RFC 7518 4.6.
 */
struct seal {
	const char *key; /* text from seal_key_check() */
	const char *bastion, *user, *seed;
};
int seal_make(const struct seal *seal, char **ret_jwe);

#endif
