/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Old cryptography, on the machines that the policy allows it for and as long
 * as it does. Decided here once for all that goes through a link.
 */
#ifndef JUMP_JUMPSHELL_LEGACY_H
#define JUMP_JUMPSHELL_LEGACY_H

#include "jumpshell/route.h"
#include "jumpshell/witness.h"

/*
 * Looks at each hop of the way at the trusted UTC second `now`, and writes an
 * event for each that has old algorithms, filled in from `like`. Returns NULL,
 * or the reason to refuse: "crypto", the day is over; "audit", the event can't
 * be written and has to be.
 */
struct legacy_request {
	const struct route *route;
	const struct witness *witness;
	const struct event *like;
	int64_t now;
	bool audit_optional;
};
const char *legacy_check(const struct legacy_request *q);

#endif
