/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plans: collects ranges and networks. Two CIDR networks are either apart or
 * one holds the other, so leaving out the covered ones is all the merging
 * that an interval set needs.
 */
#include "workers/filter/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

void filter_plan_done(struct filter_plan *plan)
{
	free(plan->networks);
	memset(plan, 0, sizeof(*plan));
}

int filter_plan_range(struct filter_plan *plan, uint32_t min, uint32_t max)
{
	if (min == 0 || min > max || max == UINT32_MAX)
		return -EINVAL;
	for (size_t i = 0; i < plan->range_count; i++) {
		if (plan->ranges[i].min <= min && max <= plan->ranges[i].max)
			return 0;
	}
	if (plan->range_count == PLAN_RANGES_MAX)
		return -E2BIG;
	plan->ranges[plan->range_count++] = (struct uid_range){min, max};
	return 0;
}

/*
 * A "zone" as wide as half the internet, or on the loopback, would cut the
 * host off from everybody, the administrator first.
 */
static bool network_valid(const struct network *n)
{
	const uint8_t *b = n->address.bytes;

	if (n->address.family == AF_INET)
		return n->prefix >= POLICY_PREFIX_MIN && n->prefix <= 32 &&
		       b[0] != 0 && b[0] != 127 && b[0] < 224;
	return n->address.family == AF_INET6 &&
	       n->prefix >= POLICY_PREFIX_MIN && n->prefix <= 128 &&
	       b[0] != 0 && b[0] < 0xfe;
}

static bool covers(const struct network *outer, const struct network *inner)
{
	return outer->prefix <= inner->prefix &&
	       network_has(outer, &inner->address);
}

int filter_plan_network(struct filter_plan *plan, const struct network *n)
{
	struct network *grown;
	size_t kept = 0;

	if (!network_valid(n))
		return -EINVAL;
	for (size_t i = 0; i < plan->network_count; i++) {
		if (covers(&plan->networks[i], n))
			return 0;
	}
	for (size_t i = 0; i < plan->network_count; i++) {
		if (!covers(n, &plan->networks[i]))
			plan->networks[kept++] = plan->networks[i];
	}
	plan->network_count = kept;
	if (kept == PLAN_NETWORKS_MAX)
		return -E2BIG;
	grown = reallocarray(plan->networks, kept + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	plan->networks = grown;
	plan->networks[plan->network_count++] = *n;
	return 0;
}

int filter_plan_from_policy(const struct policy *policy, uint32_t relay_uid,
	struct filter_plan *ret_plan)
{
	_cleanup_plan_ struct filter_plan plan = {
		.open = true,
		.relay_uid = relay_uid,
		.relay_port = policy->settings.relay_port,
	};
	const struct settings *s = &policy->settings;
	int r;

	if (plan.relay_port == 0)
		plan.relay_port = PLAN_RELAY_PORT;
	if (s->uid_min <= relay_uid && relay_uid <= s->uid_max)
		return -EINVAL;
	r = filter_plan_range(&plan, s->uid_min, s->uid_max);
	for (size_t z = 0; r == 0 && z < policy->zone_count; z++) {
		const struct zone *zone = &policy->zones[z];

		for (size_t i = 0; r == 0 && i < zone->network_count; i++)
			r = filter_plan_network(&plan, &zone->networks[i]);
	}
	if (r < 0)
		return r;
	*ret_plan = plan;
	memset(&plan, 0, sizeof(plan));
	return 0;
}
