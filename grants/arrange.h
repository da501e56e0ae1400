/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was compiled, arranged into the files of a generation.
 */
#ifndef JUMP_GRANTS_ARRANGE_H
#define JUMP_GRANTS_ARRANGE_H

#include "grants/compile.h"
#include "grants/decode.h"
#include "grants/image.h"

/* `info`, of this generation. */
void arrange_info(
	const struct compiled *c, uint64_t generation, struct image *ret_image);

/* rights.db: everyone. */
void arrange_all(
	const struct compiled *c, uint64_t generation, struct image *ret_image);

/*
 * users/UID: one user with what concerns this user and nothing of others, so
 * that no supplier reads who else comes here. Bound to the uid and not to the
 * generation: same rights, same bytes. 0 or -ENOMEM; the image has its own
 * errors.
 */
int arrange_user(const struct compiled *c, const struct compiled_user *u,
	struct image *ret_image);

#endif
