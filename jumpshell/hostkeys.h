/* SPDX-License-Identifier: BSD-2-Clause */
/* The host keys that the policy pins for a target, as ssh reads them. */
#ifndef JUMP_JUMPSHELL_HOSTKEYS_H
#define JUMP_JUMPSHELL_HOSTKEYS_H

#include "policy/policy.h"

/* Fills the memory file. -ENODATA: the policy pins none, don't connect. */
int hostkeys_write(const struct target *target, int memory_file);

#endif
