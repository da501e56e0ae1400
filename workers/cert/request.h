/* SPDX-License-Identifier: BSD-2-Clause */
/* What jumpshell asks a zone's certificate worker for. All of it is claims. */
#ifndef JUMP_WORKERS_CERT_REQUEST_H
#define JUMP_WORKERS_CERT_REQUEST_H

#include <stddef.h>

#include "base/name.h"
#include "policy/policy.h"

#define CERT_KEY_SIZE	 128 /* "ssh-ed25519 AAAA...\n", and its NUL */
#define CERT_REQUEST_MAX (512 + CERT_KEY_SIZE)

struct cert_request {
	char conn[CONN_SIZE];
	char target[NAME_SIZE];
	enum proto proto; /* ssh unless it is said */
	char hop[NAME_SIZE]; /* "", or one that the target is behind */
	char account[NAME_SIZE];
	char key[CERT_KEY_SIZE]; /* with its newline */
};

/*
 * "sign conn= target= [hop=] account= [proto=]\n" and a line with an Ed25519 public key
 * without options or comment. Returns 0; -EAGAIN: not all of it is there
 * yet; -EBADMSG.
 */
int cert_request_parse(
	const char *bytes, size_t len, struct cert_request *ret_request);

#endif
