/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the bytes of a body to the structs of policy/: the reading half of
 * doc/formats/rights.md (grants/encode.h writes). Checksums keep corruption
 * out; these still believe nothing, so that a writer's mistake is a denial.
 */
#ifndef JUMP_GRANTS_DECODE_H
#define JUMP_GRANTS_DECODE_H

#include "base/cursor.h"
#include "grants/rights.h"

#define DECODE_TARGETS_MAX  64	 /* of one grant */
#define DECODE_CONDUITS_MAX 1024 /* of one user */
#define DECODE_GRANTS_MAX   1024 /* of one user */

/* All return 0, or -EBADMSG (-ENOMEM) with nothing to free. */
int decode_info(struct cursor *in, struct rights_info *ret_info);

int decode_zone(struct cursor *in, struct zone *ret_zone);

/* Zone and via are indices into the tables of zones and targets; the names of
 * ret_target are "". ret_via is UINT32_MAX when it is behind no other. */
int decode_target(struct cursor *in, struct target *ret_target,
	uint32_t *ret_zone, uint32_t *ret_via);

int decode_conduit(struct cursor *in, struct conduit *ret_conduit);

/* Keys, and the indices of the conduits that match this user's name. */
struct decoded_user {
	size_t key_count;
	char keys[RIGHTS_KEYS_MAX][RIGHTS_KEY_SIZE];
	size_t conduit_count;
	uint32_t conduits[DECODE_CONDUITS_MAX];
};
int decode_user(struct cursor *in, struct decoded_user *ret_user);

/* targets, target names, user and times of ret_grant are the caller's. */
int decode_grant(struct cursor *in, struct grant *ret_grant,
	uint32_t ret_targets[DECODE_TARGETS_MAX]);

#endif
