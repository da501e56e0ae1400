/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sets granted4 and granted6 of the table `inet jumphost`, in the kernel.
 */
#ifndef JUMP_WORKERS_APPLY_GRANTED_H
#define JUMP_WORKERS_APPLY_GRANTED_H

#include "workers/apply/elements.h"

/* What the kernel has. 0; -ENOENT: there is no such table; -errno. */
int granted_live(struct elements *ret_live);

/* One transaction; "" is none. 0, -EIO: refused, or -errno. */
int granted_change(const char *text);

/* Empties both sets: when nothing else works. */
int granted_empty(void);

#endif
