/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Policies, snapshots and generations for the tests of grants/: small random
 * ones that hit each other often, from one seed, and a fixed one.
 */
#ifndef JUMP_TESTS_GRANTS_FIXTURE_H
#define JUMP_TESTS_GRANTS_FIXTURE_H

#include <jansson.h>
#include <stdbool.h>

#include "grants/compile.h"
#include "grants/publish.h"
#include "json/strict.h"
#include "policy/policy.h"

#define FIXTURE_NOW INT64_C(1795464000)
#define FIXTURE_UID 1900000001u
#define FIXTURE_KEY                                                            \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGvu5xJPs5YvEy4SBjJplB"           \
	"HbwNlDrUNr2dyF4czi1Ot+"

/* A seeded generator of our own: the same everywhere. */
struct dice {
	uint64_t state;
};
uint32_t dice_roll(struct dice *d, uint32_t sides); /* 0..sides-1 */

/* Owned by the caller (policy_done resp. json_decref). */
void fixture_policy(struct policy *ret_policy);
void fixture_random_policy(struct dice *d, struct policy *ret_policy);
json_t *fixture_snapshot(void);
json_t *fixture_random_snapshot(struct dice *d, const struct policy *p);

/* One grant and one user more, in their place. */
json_t *fixture_user(const char *name, uint32_t uid);
json_t *fixture_grant(const char *id, const char *user);

/* Parsing a tree; fails the test when it is refused. */
void fixture_parse(const json_t *tree, struct snapshot *ret_snapshot);

/* A folder of its own under TMPDIR, gone again with fixture_remove(). */
void fixture_folder(char path[64]);
void fixture_remove(const char *path);

/* Publishes without giving files away; fails the test when it can't. */
void fixture_publish(const char *dir, const struct compiled *c,
	struct published *ret_published);

extern const struct locals fixture_no_locals;

#endif
