/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starts one of the few programs that jumpshell ever starts, with exactly
 * these descriptors, arguments and environment, and so that it does not
 * outlive jumpshell.
 */
#ifndef JUMP_JUMPSHELL_SPAWN_H
#define JUMP_JUMPSHELL_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SPAWN_FDS_MAX 17

struct spawn {
	const char *const *argv; /* argv[0] is an absolute path */
	const char *const *envp;
	int fds[SPAWN_FDS_MAX]; /* become 0, 1, 2 ... */
	size_t fd_count;	/* at least 3 */
	size_t file_max;	/* bytes of a file it may write; 0: any */
	bool terminal;		/* fd 0 is to be its controlling terminal */
};

/*
 * Returns 0 and the child's pid once the program runs; -errno when it could
 * not be started. The caller waits for it.
 */
int spawn_start(const struct spawn *s, pid_t *ret_pid);

#endif
