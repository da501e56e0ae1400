/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is the program that a conduit names for checking files there, and one that
 * jump-check will run? Where it is not, every checked upload is refused.
 */
#ifndef JUMP_JUMPCTL_FILECHECK_H
#define JUMP_JUMPCTL_FILECHECK_H

#include "policy/policy.h"

#define FILECHECK_FAULT_SIZE 512

/* True with a sentence when it can't be run as it is; owner as in the tests,
 * 0 on a host. False: it is well, or the conduit names none. */
bool filecheck_fault(const struct conduit *c, uid_t owner,
	char ret_text[FILECHECK_FAULT_SIZE]);

#endif
