/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The service's files: where they are, how they are made and opened. All of
 * them belong to the service's user and are for it alone.
 */
#ifndef JUMP_APPROVALS_DESK_KEYS_H
#define JUMP_APPROVALS_DESK_KEYS_H

#include "approvals/desk/service.h"

#define KEY_FILE_CA	    "ca.crt"
#define KEY_FILE_CA_KEY	    "ca.key"
#define KEY_FILE_SERVER	    "server.crt"
#define KEY_FILE_SERVER_KEY "server.key"
#define KEY_FILE_SIGNER	    "sign.jwk"
#define STATE_FILE_DATABASE "approvals.db"

/*
 * Makes what is missing of an instance: authority, server certificate for
 * `names` (NULL-terminated), signing key. Never replaces anything. 0/-errno,
 * with a line on stderr.
 */
int keys_make(const struct approvals_settings *settings,
	const char *const *names, int64_t now);

/* Opens them into the service. 0/-errno, with a line on stderr. */
int keys_open(struct service *s);

#endif
