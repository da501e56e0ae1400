/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/fence.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "jumpshell/places.h"

/* Of the first version of Landlock, which Debian 12's kernel has. */
#define RIGHTS_WRITE                                                           \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |         \
		LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SYM |    \
		LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |  \
		LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK | \
		LANDLOCK_ACCESS_FS_REMOVE_FILE |                               \
		LANDLOCK_ACCESS_FS_REMOVE_DIR)

static const struct {
	const char *path;
	uint64_t allowed;
} places[] = {
	{PLACE_SSH, LANDLOCK_ACCESS_FS_EXECUTE},
	{PLACE_TELNET, LANDLOCK_ACCESS_FS_EXECUTE},
	{PLACE_DIAL, LANDLOCK_ACCESS_FS_EXECUTE},
	{PLACE_KEYPAIR, LANDLOCK_ACCESS_FS_EXECUTE},
	{PLACE_SFTP, LANDLOCK_ACCESS_FS_EXECUTE},
	{PLACE_ASKPASS, LANDLOCK_ACCESS_FS_EXECUTE},
	/* the dynamic loader, wherever this architecture has it */
	{"/lib64/ld-linux-x86-64.so.2", LANDLOCK_ACCESS_FS_EXECUTE},
	{"/lib/ld-linux-aarch64.so.1", LANDLOCK_ACCESS_FS_EXECUTE},
	{"/lib/ld-linux-armhf.so.3", LANDLOCK_ACCESS_FS_EXECUTE},
	{"/lib/ld-linux-riscv64-lp64d.so.1", LANDLOCK_ACCESS_FS_EXECUTE},
	/* null, tty, pts: what is there belongs to others or to us */
	{"/dev", LANDLOCK_ACCESS_FS_WRITE_FILE},
};

static int allow(int ruleset, const char *path, uint64_t allowed)
{
	_cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr rule = {
		.allowed_access = allowed, .parent_fd = fd};

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
		    &rule, 0) < 0)
		return -errno;
	return 0;
}

int fence_enter(void)
{
	const struct landlock_ruleset_attr attr = {
		.handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE | RIGHTS_WRITE};
	_cleanup_close_ int ruleset = -1;
	int r;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	ruleset = (int)syscall(
		SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (ruleset < 0)
		return errno == ENOSYS || errno == EOPNOTSUPP ? -EOPNOTSUPP
							      : -errno;
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		r = allow(ruleset, places[i].path, places[i].allowed);
		if (r < 0)
			return r;
	}
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		return -errno;
	return 0;
}
