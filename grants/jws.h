/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The envelope of a snapshot: a compact JWS, ES256 and nothing else, under a
 * key that the administrator has put into the trust folder. The header is
 * judged here before libjose sees anything.
 */
#ifndef JUMP_GRANTS_JWS_H
#define JUMP_GRANTS_JWS_H

#include <stddef.h>
#include <sys/types.h>

#include "base/name.h"
#include "grants/fault.h"

#define JWS_TRUST_DIR	  "/etc/jump/trust"
#define JWS_MAX_BYTES	  ((size_t)64 << 20)
#define JWS_HEADER_MAX	  512
#define JWS_PAYLOAD_MAX	  (JWS_MAX_BYTES / 4 * 3)
#define JWS_SNAPSHOT_TYPE "jump-snapshot+jws"

struct jws {
	char kid[ID_SIZE]; /* the key that signed */
	char *payload;	   /* owned; a NUL stands behind it */
	size_t payload_len;
};

void jws_done(struct jws *j);
#define _cleanup_jws_ __attribute__((cleanup(jws_done)))

/*
 * Verifies len bytes of text under TRUST_DIR/KID.jwk, a trusted file of
 * `owner`. Returns 0 with an owned payload; -EBADMSG and a fault of words
 * size, form, header, key, signature; another -errno (fault "error").
 * Source: RFC 7515, RFC 7518 section 3.4, RFC 8725; threats T-ALG, T-KID.
 */
int jws_verify(const char *trust_dir, uid_t owner, const char *text, size_t len,
	struct jws *ret_jws, struct fault *ret_fault);

#endif
