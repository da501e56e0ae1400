/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Until when a connection may run, on the clock that nobody can set. New
 * rights move the end: later by an extension, nearer by a narrowing; what
 * takes the right away altogether leaves the conduit's grace, never more.
 */
#ifndef JUMP_WORKERS_RELAY_TERM_H
#define JUMP_WORKERS_RELAY_TERM_H

#include "base/moment.h"
#include "workers/relay/permit.h"

struct term {
	int64_t end_ms;	    /* BOOTTIME */
	const char *reason; /* a constant: what it will have been */
	uint32_t grace_sec; /* of the last permit that allowed */
};

/* From the permit that let the connection in, under a trusted clock. */
struct term term_start(
	const struct permit *permit, const struct moment_clock *clock);

/* The permit of now; `now_ms` is BOOTTIME. */
void term_renew(struct term *t, const struct permit *permit,
	const struct moment_clock *clock, int64_t now_ms);

/* "window", "revoked" or "error" for the word of a refusal. */
const char *term_reason(const char *refusal);

#endif
