/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a bastion tells the service of its policy: names, zones, protocols and
 * limits. No address and no key is in it.
 */
#ifndef JUMP_JUMPCTL_INVENTORY_H
#define JUMP_JUMPCTL_INVENTORY_H

#include <jansson.h>

#include "policy/policy.h"

/* The inventory (doc/formats/approvals-api.md); NULL: no memory. */
json_t *inventory_of(const struct policy *policy);

#endif
