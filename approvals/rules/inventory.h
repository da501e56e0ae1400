/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a bastion reports of its policy: names, zones, protocols, limits and
 * approvals; no address, no key. It becomes a struct policy without them, so
 * that policy_decide() can be asked here as it will be asked there.
 */
#ifndef JUMP_APPROVALS_RULES_INVENTORY_H
#define JUMP_APPROVALS_RULES_INVENTORY_H

#include <jansson.h>

#include "approvals/rules/refusal.h"
#include "policy/policy.h"

#define INVENTORY_MAX_BYTES    (4u << 20)
#define INVENTORY_ZONES_MAX    512
#define INVENTORY_TARGETS_MAX  10000
#define INVENTORY_CONDUITS_MAX 1024

/*
 * Reads an inventory (doc/formats/approvals-api.md). Returns 0 with an owned
 * policy (policy_done()), -EPERM with a refusal that says which entry is
 * wrong, or -ENOMEM.
 */
int inventory_parse(const json_t *body, struct policy *ret_inventory,
	struct refusal *ret_why);

#endif
