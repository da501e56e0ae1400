/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the packet filter is to turn to the relay: pairs of supplier and
 * address, each until the end of its window. Computed from what was compiled,
 * compared with what the kernel has, changed by difference. Pure.
 */
#ifndef JUMP_WORKERS_APPLY_ELEMENTS_H
#define JUMP_WORKERS_APPLY_ELEMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "grants/compile.h"

#define ELEMENTS_SLACK_SEC 2		     /* nft lists whole seconds */
#define ELEMENTS_LEFT_MAX  INT64_C(31622400) /* a year and a day, in s */

struct element {
	uint32_t uid;
	uint16_t port;
	struct address address;
	int64_t left_sec; /* until it is to go by itself; at least 1 */
};

struct elements {
	size_t count, room;
	struct element *of; /* owned; sorted, no two of one place */
};

void elements_done(struct elements *e);
#define _cleanup_elements_ __attribute__((cleanup(elements_done)))

/*
 * Every target of every window that is open at now (UTC s), until the
 * window's end and the conduit's grace. That a target has to be recorded is
 * no reason to leave it out: the relay refuses, and can say why.
 * ret_next_open is when the next window opens, 0: none. 0 or -ENOMEM.
 */
int elements_desired(const struct compiled *c, int64_t now,
	struct elements *ret_elements, int64_t *ret_next_open);

/* Adds what `nft -j list set` printed. 0, -EBADMSG or -ENOMEM. */
int elements_listed(const char *json, size_t len, struct elements *elements);
/* To be called once everything was added. */
void elements_sort(struct elements *e);

/*
 * From live to desired. remove: what is to go before the new generation is
 * published, because it would last longer than it may. put: what is to come
 * after it. Both are transactions for nft -f that are right whatever has
 * timed out meanwhile, and also where an element's timeout can't be changed
 * in place; "" when there is nothing to do. The texts are the caller's.
 */
int elements_difference(const struct elements *live,
	const struct elements *desired, char **ret_remove, char **ret_put);

#endif
