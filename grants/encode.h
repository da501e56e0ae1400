/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the structs of policy/ to the bytes of a body: the writing half of
 * doc/formats/rights.md (grants/decode.h reads).
 */
#ifndef JUMP_GRANTS_ENCODE_H
#define JUMP_GRANTS_ENCODE_H

#include <stdbool.h>

#include "grants/cells.h"
#include "grants/rights.h"

/* A body being written; what does not fit makes it fail, for good. */
struct body {
	size_t len;
	bool failed;
	uint8_t bytes[CELL_BODY_MAX];
};

/* Each starts the body afresh. The caller looks at `failed` (image_body()
 * does). */
void encode_info(struct body *b, const struct rights_info *info);
void encode_zone(struct body *b, const struct zone *z);
/* via: index into the table of targets, UINT32_MAX: none. */
void encode_target(
	struct body *b, const struct target *t, uint32_t zone, uint32_t via);
void encode_conduit(struct body *b, const struct conduit *c);
void encode_user(struct body *b, const char *const *keys, size_t key_count,
	const uint32_t *conduits, size_t conduit_count);
/* targets: indices into the table of targets, grant->target_count of them. */
void encode_grant(
	struct body *b, const struct grant *g, const uint32_t *targets);

#endif
