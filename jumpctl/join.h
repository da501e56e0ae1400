/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What joining a service is made of: keys that never leave this host, and
 * files that are swapped in as a whole.
 */
#ifndef JUMP_JUMPCTL_JOIN_H
#define JUMP_JUMPCTL_JOIN_H

#include <jansson.h>
#include <stdbool.h>

#include "base/name.h"

#define JOIN_PEM_MAX 16384

/* ---- keys (join_keys.c) ---- */

/* A new P-256 key and a certificate request signed by it; PEM, owned. */
int join_make_tls_key(const char *name, char **ret_key, char **ret_request);

/* A new key that seeds are sealed to: the private JWK as text (owned), and
 * the public one. */
int join_make_seal_key(char **ret_private, json_t **ret_public);

/* Is this the certificate authority that the token's last part names? */
bool join_ca_matches(const char *ca_pem, const char *token);

/* Does the certificate go with this key, and did this CA sign it? */
bool join_certificate_good(
	const char *certificate, const char *key, const char *ca_pem);

/* ---- files (join_files.c) ---- */

struct join_files {
	const char *dir; /* "/etc/jump" */
	const char *ca, *certificate, *key, *seal, *url;
	const json_t *trust; /* array of public JWKs */
};

/*
 * Writes DIR/bastion (as a whole, in the place of an older one) and
 * DIR/trust/KID.jwk. The private TLS key is for group `jump-fetch` when there
 * is one. 0 or -errno.
 */
int join_write(const struct join_files *files);

#endif
