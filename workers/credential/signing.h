/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a stored key may sign: the login of its own account, and nothing else
 * that a process of the session could think of.
 */
#ifndef JUMP_WORKERS_CREDENTIAL_SIGNING_H
#define JUMP_WORKERS_CREDENTIAL_SIGNING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Is this message to an agent, from its type on, the request to sign an ssh
 * login of `account` by public key? Pure.
 * Source: draft-miller-ssh-agent 3.6, RFC 4252 7.
 */
bool signing_is_login(
	const uint8_t *message, size_t len_bytes, const char *account);

#endif
