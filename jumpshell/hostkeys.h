/* SPDX-License-Identifier: BSD-2-Clause */
/* The host keys that the policy pins for targets, as ssh reads them. */
#ifndef JUMP_JUMPSHELL_HOSTKEYS_H
#define JUMP_JUMPSHELL_HOSTKEYS_H

#include "policy/policy.h"

/* Fills the memory file. -ENODATA: one has none, don't connect. */
int hostkeys_write(
	const struct target *const *targets, size_t count, int memory_file);

#endif
