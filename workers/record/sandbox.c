/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/record/sandbox.h"

#include <errno.h>
#include <linux/netlink.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/cleanup.h"

#define NAME_PAGE_SIZE 4096

/* mprotect, mmap and mremap are left out on purpose: see sandbox_name(). */
static const int allowed[] = {
	SCMP_SYS(read),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),
	SCMP_SYS(write),
	SCMP_SYS(fdatasync),
	SCMP_SYS(fsync),
	SCMP_SYS(fstatfs),
	SCMP_SYS(fstat),
	SCMP_SYS(newfstatat), /* glibc's fstat; finds nothing it can open */
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(select), /* libaudit waits for the kernel's answer */
	SCMP_SYS(pselect6),
	SCMP_SYS(close),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(getpid),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(uname),
	SCMP_SYS(brk),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

const char *sandbox_name(const char *name)
{
	char *page;

	if (strlen(name) >= NAME_PAGE_SIZE)
		return NULL;
	page = mmap(NULL, NAME_PAGE_SIZE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return NULL;
	memcpy(page, name, strlen(name) + 1);
	if (mprotect(page, NAME_PAGE_SIZE, PROT_READ) < 0)
		return NULL;
	return page;
}

/* The two sinks of events, and nothing else that a socket could be. */
static int allow_sinks(scmp_filter_ctx f)
{
	int r = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
		SCMP_A0(SCMP_CMP_EQ, AF_NETLINK),
		SCMP_A2(SCMP_CMP_EQ, NETLINK_AUDIT));

	if (r == 0)
		r = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
			SCMP_A0(SCMP_CMP_EQ, AF_UNIX),
			SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, SOCK_DGRAM));
	/* libaudit marks its descriptor close-on-exec */
	if (r == 0)
		r = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
			SCMP_A1(SCMP_CMP_EQ, 2 /* F_SETFD */));
	return r;
}

int sandbox_enter(int live_dirfd, const char *name)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r = f ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(allowed); i++)
		r = seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i], 0);
	if (r == 0)
		r = allow_sinks(f);
	if (r == 0)
		r = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(unlinkat), 3,
			SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)live_dirfd),
			SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)(uintptr_t)name),
			SCMP_A2(SCMP_CMP_EQ, 0));
	if (r == 0)
		r = seccomp_load(f);
	if (f)
		seccomp_release(f);
	return r;
}
