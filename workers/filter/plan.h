/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the packet filter has to know of this host, as numbers and addresses
 * and nothing else: whose packets, which relay, which networks. Everything in
 * the filter's text is made from a plan, so no word of a file can get there.
 */
#ifndef JUMP_WORKERS_FILTER_PLAN_H
#define JUMP_WORKERS_FILTER_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "policy/policy.h"

#define PLAN_RANGES_MAX	  3
#define PLAN_NETWORKS_MAX 4096
#define PLAN_RELAY_PORT	  722
#define PLAN_RELAY_USER	  "jump-relay"

struct uid_range {
	uint32_t min, max;
};

/* The zero value lets nothing through: `open` must be said. */
struct filter_plan {
	bool open; /* false: suppliers and relay reach nothing */
	size_t range_count;
	struct uid_range ranges[PLAN_RANGES_MAX]; /* of suppliers */
	uint32_t relay_uid; /* 0: there is no such user, nobody may open */
	uint16_t relay_port;
	size_t network_count;
	struct network *networks; /* owned; none lies within another */
};

void filter_plan_done(struct filter_plan *plan);
#define _cleanup_plan_ __attribute__((cleanup(filter_plan_done)))

/*
 * Adds a range of suppliers' uids. Returns 0; -EINVAL for an empty range or
 * one that holds 0; -E2BIG.
 */
int filter_plan_range(struct filter_plan *plan, uint32_t min, uint32_t max);

/*
 * Adds a zone's network, or nothing when one that is there covers it; those
 * that it covers go. -EINVAL for one that can't be a zone's: wider than /8,
 * loopback, link-local IPv6, multicast. Else 0, -E2BIG or -ENOMEM.
 */
int filter_plan_network(struct filter_plan *plan, const struct network *n);

/*
 * A plan that is open for what this policy says. 0, -EINVAL when the relay's
 * uid is a supplier's, or -errno of the above.
 */
int filter_plan_from_policy(const struct policy *policy, uint32_t relay_uid,
	struct filter_plan *ret_plan);

#endif
