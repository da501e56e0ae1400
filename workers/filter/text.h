/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packet filter as text for nft(8): sets and chains of the table
 * `inet jumphost`, made of fixed words and of a plan's numbers.
 */
#ifndef JUMP_WORKERS_FILTER_TEXT_H
#define JUMP_WORKERS_FILTER_TEXT_H

#include <stddef.h>

#include "workers/filter/plan.h"

#define FILTER_TABLE "jumphost"
#define FILTER_MARK  0x40000000u /* the bit of the ct mark that is ours */

enum filter_way {
	FILTER_UPDATE = 0, /* rules and networks anew, granted elements stay */
	FILTER_REPLACE,	   /* the whole table anew, nothing is granted */
};

/*
 * One transaction that brings the table to what the plan says. Returns 0 with
 * an owned, NUL-terminated text; -ENOMEM.
 * Source: nft(8); threat T-DIRECT.
 */
int filter_text(const struct filter_plan *plan, enum filter_way way,
	char **ret_text, size_t *ret_len);

#endif
