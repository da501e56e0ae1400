/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys and signatures for the tests of the envelope, made with OpenSSL alone,
 * so that libjose does not check itself.
 */
#ifndef JUMP_TESTS_JWS_FIXTURE_H
#define JUMP_TESTS_JWS_FIXTURE_H

#include <openssl/evp.h>
#include <stddef.h>

#define JWS_HEADER(kid)                                                        \
	"{\"alg\":\"ES256\",\"kid\":\"" kid "\",\"typ\":\"jump-snapshot+"      \
					    "jws\"}"

/* base64url without padding; the caller frees. */
char *base64url(const void *bytes, size_t len);

EVP_PKEY *signer_new(const char *curve); /* "P-256" */

/* The public JWK with these members more ("" or ",\"kid\":\"k\""). */
char *signer_jwk(EVP_PKEY *key, const char *more);

/* A compact JWS of header and payload, signed with ECDSA and SHA-256. */
char *signer_sign(EVP_PKEY *key, const char *header, const char *payload);

#endif
