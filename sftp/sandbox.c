/* SPDX-License-Identifier: BSD-2-Clause */
#include "sftp/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "sftp/control.h"

/* Buffers of all links, queues, and what waits to be summed: some 80 MB when
 * all of it is full. Spools are no part of it; the broker bounds each. */
#define MEMORY_MAX	(160 << 20)
#define DESCRIPTORS_MAX (4 + 2 * CONTROL_LINKS_MAX + 8)

static const int allowed[] = {
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(recvmsg), /* of the broker: descriptors come this way */
	SCMP_SYS(sendmsg),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(close),
	SCMP_SYS(memfd_create), /* spools */
	SCMP_SYS(pwrite64),
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
#ifdef __SANITIZE_ADDRESS__ /* asks for its stack before each exit */
	SCMP_SYS(sigaltstack),
#endif
};

static const int flag_commands[] = {F_GETFL, F_SETFL, F_ADD_SEALS};

static int limit(int what, rlim_t most)
{
	const struct rlimit l = {.rlim_cur = most, .rlim_max = most};

	return setrlimit(what, &l) < 0 ? -errno : 0;
}

static int allow(scmp_filter_ctx f)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(allowed); i++)
		r = seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i], 0);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(flag_commands); i++)
		r = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
			SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)flag_commands[i]));
	if (r == 0)
		r = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return r;
}

int sandbox_enter(void)
{
	scmp_filter_ctx f;
	int r = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;

	if (r == 0)
		r = limit(RLIMIT_NOFILE, DESCRIPTORS_MAX);
#ifndef __SANITIZE_ADDRESS__ /* its shadow alone is larger */
	if (r == 0)
		r = limit(RLIMIT_DATA, MEMORY_MAX);
#endif
	if (r < 0)
		return r;
	f = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (!f)
		return -ENOMEM;
	r = allow(f);
	if (r == 0)
		r = seccomp_load(f);
	seccomp_release(f);
	return r;
}
