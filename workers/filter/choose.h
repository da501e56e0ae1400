/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * By which policy the filter is to be: the administrator's; while that has
 * errors the last good one, of which jump-apply keeps a copy; and without
 * either, nobody's.
 */
#ifndef JUMP_WORKERS_FILTER_CHOOSE_H
#define JUMP_WORKERS_FILTER_CHOOSE_H

#include "workers/filter/plan.h"

#define CHOOSE_LAST_GOOD "/var/lib/jump/state/policy"

enum choice {
	CHOICE_DENY = 0,  /* no usable policy: a plan that opens nothing */
	CHOICE_CURRENT,	  /* what stands in /etc/jump */
	CHOICE_LAST_GOOD, /* /etc/jump has errors; they have been printed */
};

/* A plan for this host, always. Errors are said on stderr. */
enum choice filter_choose(struct filter_plan *ret_plan);

#endif
