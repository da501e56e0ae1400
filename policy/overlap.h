/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two zones may not share an address, and two services may not share an
 * address and port: the relay must be able to say which one is meant.
 */
#ifndef JUMP_POLICY_OVERLAP_H
#define JUMP_POLICY_OVERLAP_H

#include "policy/draft.h"

void check_overlaps(struct draft *d);

#endif
