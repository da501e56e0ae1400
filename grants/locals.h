/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names and numbers that the host's own passwd and group files have: no
 * service may enrol one of them, whatever it signs.
 */
#ifndef JUMP_GRANTS_LOCALS_H
#define JUMP_GRANTS_LOCALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/name.h"

struct locals {
	size_t name_count, id_count;
	char (*names)[NAME_SIZE]; /* sorted; longer ones can't be enrolled */
	uint32_t *ids;		  /* uids and gids, sorted */
};

void locals_done(struct locals *l);
#define _cleanup_locals_ __attribute__((cleanup(locals_done)))

/*
 * Reads both files, trusted files of `owner`. Returns 0 or -errno: then
 * nobody may be enrolled. Source: passwd(5), group(5); threat T-ENROL.
 */
int locals_load(const char *passwd_path, const char *group_path, uid_t owner,
	struct locals *ret_locals);

bool locals_has_name(const struct locals *l, const char *name);
bool locals_has_id(const struct locals *l, uint32_t id);

#endif
