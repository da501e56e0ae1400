/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opens the connection to the target.
 */
#ifndef JUMP_WORKERS_RELAY_DIAL_H
#define JUMP_WORKERS_RELAY_DIAL_H

#include "workers/relay/diag.h"
#include "workers/relay/permit.h"

/*
 * Tries the permit's addresses in their order, within timeout_ms together.
 * Returns a connected, non-blocking socket, and which address answered;
 * -ECONNREFUSED, -ETIMEDOUT or another -errno of the last one tried.
 */
int dial(const struct permit *permit, int timeout_ms, struct endpoint *ret_to);

/* "refused", "unreachable" or "error" for what dial() returned. */
const char *dial_reason(int error);

/* Notices a dead peer on a quiet connection; small writes go at once. */
void dial_keepalive(int fd);

#endif
