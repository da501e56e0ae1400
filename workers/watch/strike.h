/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ends processes and cgroups, each named so that nothing else can be hit: a
 * process by pid and start time, a cgroup by path and inode.
 */
#ifndef JUMP_WORKERS_WATCH_STRIKE_H
#define JUMP_WORKERS_WATCH_STRIKE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define STRIKE_ANY_UID ((uid_t)-1)

/*
 * A handle (pidfd) on the process that has this pid, start time and real uid.
 * Returns a descriptor the caller owns; -ESRCH: that process is gone; -EPERM:
 * it runs as somebody else. Source: pidfd_open(2); threat T-KILL.
 */
int strike_open(pid_t pid, uint64_t start, uid_t uid);

/* 0; -ESRCH: it is gone already; -errno. */
int strike_signal(int pidfd, int sig);
bool strike_alive(int pidfd); /* false for -1 */

/* Is the folder ROOT/cgroup there, and still the one with this inode? */
bool strike_cgroup_there(const char *root, const char *cgroup, uint64_t inode);

/* Are there processes in it or below? false when it is gone. */
bool strike_cgroup_peopled(
	const char *root, const char *cgroup, uint64_t inode);

/* SIGKILL to all in it and below, at once. 0; -ENOENT: gone; -errno. */
int strike_cgroup(const char *root, const char *cgroup, uint64_t inode);

#endif
