/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the last good policy said of uids and networks, kept for the boot at
 * which the policy can't be read: the filter can then still deny by it.
 */
#ifndef JUMP_WORKERS_FILTER_LAST_H
#define JUMP_WORKERS_FILTER_LAST_H

#include "workers/filter/plan.h"

#define LAST_FILE "/var/lib/jump/state/filter"

/* Writes it durably. 0 or -errno. */
int filter_last_save(const char *path, const struct filter_plan *plan);

/*
 * Adds the ranges and networks of the file to a plan. Returns 0; -ENOENT;
 * -EBADMSG for a line of another form (what stood before it was added: more
 * denial is never wrong).
 */
int filter_last_add(const char *path, uid_t owner, struct filter_plan *plan);

/* The pure part: lines "range MIN MAX" and "network ADDRESS/PREFIX". */
int filter_last_parse(const char *text, size_t len, struct filter_plan *plan);

#endif
