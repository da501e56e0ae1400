/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The relay's own process: accepts, learns who it is, forks, counts. It
 * reads nothing that a peer sends, and it goes when nobody needs it.
 */
#ifndef JUMP_WORKERS_RELAY_SERVE_H
#define JUMP_WORKERS_RELAY_SERVE_H

#include <stddef.h>

#include "policy/policy.h"

/* The sockets of both families and jumpshell's, and some. */
#define SERVE_LISTENERS_MAX (2 * POLICY_RELAY_PORTS + 4)
#define SERVE_IDLE_MS	    30000

/*
 * Serves the listening sockets until nobody was there for SERVE_IDLE_MS, or
 * SIGTERM (connections go on without it then). Returns 0 or -errno.
 */
int serve(const int *listeners, size_t count);

#endif
