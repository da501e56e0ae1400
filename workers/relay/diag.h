/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asks the kernel who owns the other end of a TCP connection on this host:
 * its uid, and the cgroup that it was made in.
 */
#ifndef JUMP_WORKERS_RELAY_DIAG_H
#define JUMP_WORKERS_RELAY_DIAG_H

#include <stdint.h>
#include <sys/types.h>

#include "policy/policy.h"

struct endpoint {
	struct address address;
	uint16_t port;
};

struct owner {
	uint32_t uid;
	uint64_t cgroup_id; /* inode of the cgroup2 folder */
};

/*
 * Looks for exactly the socket that is bound to `local` and connected to
 * `remote`, as its owner sees it. Returns 0; -ESRCH: nobody owns it any more
 * (its process closed it or ended), or there is none; another -errno. uid 0
 * is never reported: an orphan's socket shows it, so it means "unknown".
 * Source: sock_diag(7); threat T-PEER.
 */
int diag_owner(const struct endpoint *local, const struct endpoint *remote,
	struct owner *ret_owner);

#endif
