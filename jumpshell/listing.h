/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is open: the numbered list of targets, for the eye and for picking.
 */
#ifndef JUMP_JUMPSHELL_LISTING_H
#define JUMP_JUMPSHELL_LISTING_H

#include "jumpshell/shell.h"

struct listing_row {
	const struct target *target; /* of the view: until the next refresh */
	struct proto_set brokered;   /* by connect: ssh */
	struct proto_set tunnelled;  /* by -L, -J */
	int64_t until;
};

/* Row `at` of the targets that something is open to, counted from 0. */
bool listing_row(struct shell *s, size_t at, struct listing_row *ret_row);

/* What a login sees first, and what "list" and "window" print. */
void listing_print(struct shell *s);
void listing_windows(struct shell *s);

#endif
