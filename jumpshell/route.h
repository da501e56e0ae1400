/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way to a target: the target alone, or the targets that it stands behind
 * (Via) and then it. Each hop is logged in to by what the policy says of it.
 * All of it is a copy: a new generation would take what a decision points to.
 */
#ifndef JUMP_JUMPSHELL_ROUTE_H
#define JUMP_JUMPSHELL_ROUTE_H

#include "policy/decide.h"
#include "policy/way.h"

struct hop {
	char name[NAME_SIZE];
	char account[NAME_SIZE];
	char zone[NAME_SIZE];
	char address[ADDRESS_TEXT_SIZE + 2]; /* IPv6 in brackets */
	uint16_t port;			     /* of ssh */
	uint32_t crypto;
	int64_t crypto_until; /* UTC s; 0: nothing old is allowed */
	enum credential credential;
};

/* hop[0] is what the relay opens, hop[count - 1] what was asked for. */
struct route {
	size_t count;
	struct hop hop[WAY_MAX];
	char via[WAY_TEXT_SIZE]; /* "first,second"; "": none */
};

/*
 * Fills in the way to the target of an allowed decision. Returns 0; -ENOENT:
 * a hop is not known, or has no account; -ELOOP: there are too many.
 */
int route_find(const struct policy *policy, const struct decision *d,
	struct route *ret_route);

/*
 * Fills the memory file with the host keys that the policy pins for all hops,
 * as ssh reads them. -ENODATA: there is none for one of them, don't connect.
 */
int route_hostkeys(
	const struct policy *policy, const struct route *r, int memory_file);

#endif
