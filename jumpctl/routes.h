/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `jumpctl doctor --direct-routes`: every way that must be closed, tried as
 * everybody who might try it, with what closed it.
 */
#ifndef JUMP_JUMPCTL_ROUTES_H
#define JUMP_JUMPCTL_ROUTES_H

#include "jumpctl/command.h"
#include "jumpctl/probe.h"

/* What closed it. The zero value: nothing that is known. */
enum closer {
	CLOSER_NONE = 0,
	CLOSER_FILTER,	   /* our table counted it */
	CLOSER_PERMISSION, /* file modes and groups */
	CLOSER_NO_ROUTE,   /* the kernel does not know where to send it */
};
const char *closer_word(enum closer c);

struct route {
	const char *who; /* "supplier" ...; a constant */
	char where[64];	 /* "zone cell-a", "relay port", ... */
	struct probe probe;
	enum met met;
	enum closer closer;
};

struct routes {
	size_t count, capacity;
	struct route *list; /* owned */
};
void routes_done(struct routes *r);
#define _cleanup_routes_ __attribute__((cleanup(routes_done)))

static inline bool route_closed(const struct route *r)
{
	return r->closer != CLOSER_NONE;
}

/* All that is to be tried under this policy. 0 or -ENOMEM. */
int routes_list(const struct policy *policy, struct routes *ret_routes);

/* Tries each. 0, or -errno when the filter's counters can't be read. */
int routes_try(struct routes *routes);

/* The judgement alone: counted says that our filter refused a packet. */
enum closer route_judge(enum way way, enum met met, bool counted);

#endif
