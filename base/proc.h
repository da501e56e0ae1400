/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every program of ours does first, and how it starts another one.
 * Modules in someone else's process never call these; only the two readers of
 * /proc at the end change nothing and may be called anywhere.
 */
#ifndef JUMP_BASE_PROC_H
#define JUMP_BASE_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Not dumpable, no core, umask 077, descriptors 0 to 2 open, all above 2
 * closed except the first keep_fds after 2 (socket activation), environment
 * reduced to TERM, LANG, TZ and what is named in `keep` (NULL-terminated, may
 * be NULL), PATH set to /usr/bin:/bin. Returns 0 or -errno: exit then.
 * Source: threat T-ENV; PR_SET_DUMPABLE(2const).
 */
int proc_harden(int keep_fds, const char *const *keep);

/*
 * Runs argv[0] (an absolute path) with this environment, bytes of `input` on
 * its stdin, up to output_size-1 bytes of its stdout NUL-terminated in
 * ret_output. Waits at most timeout_ms, then kills it. Returns the exit
 * status (0..255), 256 + signal, or -errno (-ETIMEDOUT, -EMSGSIZE).
 */
struct proc_run {
	const char *const *argv;
	const char *const *envp;
	const char *input; /* NULL: /dev/null */
	size_t input_len;
	int timeout_ms;
	char *ret_output; /* NULL: /dev/null */
	size_t output_size;
	bool no_stderr; /* what it says there is a stranger's: drop it */
};
int proc_run(const struct proc_run *run);

/*
 * The start time of a process in clock ticks since boot (field 22 of
 * /proc/PID/stat), which together with the pid names it for good.
 */
int proc_start_time(pid_t pid, unsigned long long *ret_ticks);

/* The cgroup2 path of a process ("/user.slice/...") ; 0 or -errno. */
int proc_cgroup(pid_t pid, char *ret_path, size_t size);

#endif
