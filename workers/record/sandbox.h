/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The recorder's last act before it takes bytes of others: giving up all
 * that it could do to files, its own included, but append.
 */
#ifndef JUMP_WORKERS_RECORD_SANDBOX_H
#define JUMP_WORKERS_RECORD_SANDBOX_H

/*
 * From here on this process can read its socket, append to what is open,
 * sync, tell the time, and send events: no open, rename, truncate, exec,
 * no socket but those of the two event sinks, and no unlink but of this one
 * name in this one folder. `name` must lie in memory that sandbox_name()
 * gave. Returns 0 or -errno: then don't go on. Source: seccomp(2).
 */
int sandbox_enter(int live_dirfd, const char *name);

/*
 * A copy of a short name in a page of its own that can't be written to any
 * more; seccomp looks at the pointer, so what it points at must stay. NULL
 * on failure.
 */
const char *sandbox_name(const char *name);

#endif
