/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An Ed25519 key pair in OpenSSH's two file forms. Pure.
 */
#ifndef JUMP_JUMPSHELL_SSHKEY_H
#define JUMP_JUMPSHELL_SSHKEY_H

#include <stddef.h>
#include <stdint.h>

#define SSHKEY_SEED_SIZE    32
#define SSHKEY_PRIVATE_SIZE 512 /* text of the private file */
#define SSHKEY_PUBLIC_SIZE  96	/* "ssh-ed25519 AAAA...\n" */

struct sshkey {
	uint8_t seed[SSHKEY_SEED_SIZE];
	uint8_t point[SSHKEY_SEED_SIZE];
};

/*
 * The private file, unencrypted, and the public line, terminated; both
 * return the length. check is any number; it stands twice in the file.
 * Source: OpenSSH PROTOCOL.key, RFC 8709.
 */
size_t sshkey_private(const struct sshkey *k, uint32_t check,
	char ret_text[SSHKEY_PRIVATE_SIZE]);
size_t sshkey_public(const struct sshkey *k, char ret_text[SSHKEY_PUBLIC_SIZE]);

#endif
