/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the verbs of the policy share: reading it, and printing what is wrong.
 */
#ifndef JUMP_JUMPCTL_POLICY_H
#define JUMP_JUMPCTL_POLICY_H

#include <jansson.h>
#include <stdio.h>

#include "jumpctl/command.h"
#include "policy/policy.h"

/* policy_load() with the owner that a folder of that kind must have. */
int policy_read(const char *dir, struct policy *ret_policy,
	struct policy_errors *ret_errors);

void policy_errors_print(FILE *out, const struct policy_errors *e);
json_t *policy_errors_json(const struct policy_errors *e);

int policy_explain(const struct invocation *in);

#endif
