/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The secret of a target as an administrator gives it: typed twice without
 * echo, or by standard input; never a word of the command line.
 */
#ifndef JUMP_JUMPCTL_CREDENTIAL_H
#define JUMP_JUMPCTL_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>

#define CREDENTIAL_PASSWORD_MAX 127
#define CREDENTIAL_SIZE		16384

struct given {
	char bytes[CREDENTIAL_SIZE];
	size_t len;
	bool is_key;
};

/* NULL with the secret, to be wiped in any case; else what is off. */
const char *credential_read(const char *who, struct given *ret);

#endif
