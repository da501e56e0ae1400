/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table in the kernel against the plan: bring it about, look whether it
 * is still so, mend it.
 */
#ifndef JUMP_WORKERS_FILTER_TABLE_H
#define JUMP_WORKERS_FILTER_TABLE_H

#include "workers/filter/plan.h"

#define TABLE_LOADED "/run/jump/filter" /* the text that was loaded last */

/*
 * Loads the plan: in place where that is possible, so that granted elements
 * stay, else the whole table anew. Returns 0; -errno: not loaded, or not seen
 * to be.
 */
int table_load(const struct filter_plan *plan);

/* 0: the kernel has this plan; -ENOENT: no table; -ESTALE: another one. */
int table_compare(const struct filter_plan *plan);

/* Is a table of our name there at all? 0, -ENOENT, -errno. */
int table_there(void);

/* Is this plan the one that was loaded last? */
bool table_loaded_was(const struct filter_plan *plan);

#endif
