/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way to a target that stands behind others (Via): which machine this
 * host opens a connection to, and which follow.
 */
#ifndef JUMP_POLICY_WAY_H
#define JUMP_POLICY_WAY_H

#include "policy/policy.h"

#define WAY_MAX	      (POLICY_HOPS_MAX + 1)
#define WAY_TEXT_SIZE (POLICY_HOPS_MAX * NAME_SIZE)

/* hop[0] is reached from here, hop[count - 1] is the target. Borrowed. */
struct way {
	size_t count;
	const struct target *hop[WAY_MAX];
};

/* 0; -ENOENT: a hop is not in this policy; -ELOOP: there are too many. Pure. */
int way_find(
	const struct policy *p, const struct target *t, struct way *ret_way);

/* Its place before the target, or -ENOENT. */
int way_place(const struct way *w, const char *name);

/* By what account a hop before the target is logged in to: its first one; ""
 * when it has none. */
const char *way_account(const struct target *hop);

/* "first,second", those before the target; "" when there are none. */
const char *way_text(const struct way *w, char text[WAY_TEXT_SIZE]);

#endif
