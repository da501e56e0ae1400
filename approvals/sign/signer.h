/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The service's signing key and the compact JWS it makes (ES256). Only
 * snapshots are signed with it; its header says so.
 */
#ifndef JUMP_APPROVALS_SIGN_SIGNER_H
#define JUMP_APPROVALS_SIGN_SIGNER_H

#include <jansson.h>
#include <stddef.h>

#include "base/name.h"

#define SIGNER_FILE_MAX 4096

struct signer {
	char kid[ID_SIZE];
	json_t *key; /* private JWK */
};
void signer_done(struct signer *s);
#define _cleanup_signer_ __attribute__((cleanup(signer_done)))

/* A new P-256 key; its kid is taken from its thumbprint (RFC 7638). */
int signer_make(struct signer *ret_signer);

/* The private JWK as the text of a file, and back. -EBADMSG: no such key.
 * The text is a secret that the caller wipes and frees. */
int signer_format(const struct signer *s, char **ret_text);
int signer_parse(const char *text, size_t len, struct signer *ret_signer);

/* The public JWK that bastions pin: kty, crv, x, y, alg, use, kid. */
int signer_public(const struct signer *s, json_t **ret_jwk);

/* Header {alg, kid, typ} and this payload as a compact JWS; freed by the
 * caller. Source: RFC 7515; doc/formats/snapshot.md section 1. */
int signer_sign(const struct signer *s, const void *payload, size_t len,
	char **ret_jws);

#endif
