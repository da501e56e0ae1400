/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cgroups of suppliers as logind makes them, whether a record knows them
 * or not: "/user.slice/user-UID.slice/session-12.scope" and whatever else
 * stands in such a slice.
 */
#ifndef JUMP_WORKERS_WATCH_SCOPES_H
#define JUMP_WORKERS_WATCH_SCOPES_H

#include <stdint.h>

#include "workers/peer/session.h"

#define SCOPES_MAX 8192

struct scope_found {
	uint32_t uid;
	uint64_t inode;
	char cgroup[SESSION_CGROUP_SIZE];
};

/*
 * Calls `found` for each folder in the slice of a uid within uid_min to
 * uid_max. Returns 0 (also when there is no user.slice), -E2BIG, or -errno.
 */
typedef void scope_take(const struct scope_found *scope, void *context);
int scopes_each(const char *cgroup_root, uint32_t uid_min, uint32_t uid_max,
	scope_take *take, void *context);

/* The uid of "user-1900000001.slice"; 0 for any other name. Pure. */
uint32_t scope_slice_uid(const char *name);

#endif
