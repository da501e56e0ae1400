/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Snapshot and policy, intersected: who is enrolled at this bastion, and what
 * is left of each grant. What is refused is listed, so that each refusal
 * becomes an event. No I/O.
 */
#ifndef JUMP_GRANTS_COMPILE_H
#define JUMP_GRANTS_COMPILE_H

#include "grants/locals.h"
#include "grants/snapshot.h"

#define COMPILE_REFUSALS_MAX 4096
#define COMPILE_GRANTS_MAX   1024 /* of one user */

/* Borrowed from snapshot and policy. word is for the event's reason. */
struct grant_refusal {
	const char *word; /* "name", "uid", "local", "gecos"; of a
			   * grant: "user", "limit", reason_word() */
	const char *user;
	uint32_t uid;
	const struct grant *grant; /* NULL: the user as such */
	char target[NAME_SIZE];	   /* "": the whole grant */
	struct offer offer;	   /* of the target */
	struct origin origin;	   /* line of the policy, file "": none */
};

struct compiled_user {
	const struct snapshot_user *from;
	size_t grant_first, grant_count;     /* in compiled.grants */
	size_t conduit_first, conduit_count; /* in compiled.conduits */
};

struct compiled {
	const struct snapshot *snapshot; /* borrowed */
	const struct policy *policy;	 /* borrowed */
	size_t user_count;
	struct compiled_user *users; /* by uid */
	size_t grant_count;
	const struct grant **grants; /* by user as above, not_before, id */
	uint32_t *targets;	     /* index in policy, as snapshot->names */
	size_t conduit_count;
	uint32_t *conduits;   /* indices in policy */
	size_t refusal_count; /* may exceed what is kept */
	struct grant_refusal *refusals;
};

void compiled_done(struct compiled *c);
#define _cleanup_compiled_ __attribute__((cleanup(compiled_done)))

/*
 * Narrows the grants of the snapshot in place to what the policy carries, and
 * keeps those of enrolled users that still give something, or ended within
 * SNAPSHOT_KEPT_SEC before iat. Grants of disabled users count as revoked.
 * Snapshot and policy must outlive the result. Returns 0; -ENOMEM; -E2BIG: more
 * conduits than a file can hold. Source: DESIGN "Documents"; threats T-FORGED,
 * T-ENROL.
 */
int compiled_make(struct snapshot *snapshot, const struct policy *policy,
	const struct locals *locals, struct compiled *ret_compiled);

/* Indices in policy.targets of a grant's targets; grant->target_count. */
const uint32_t *compiled_targets(
	const struct compiled *c, const struct grant *grant);

#endif
