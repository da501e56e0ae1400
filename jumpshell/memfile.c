/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/memfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"

int memfile_open(const char *label)
{
	_cleanup_close_ int fd =
		memfd_create(label, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || fchmod(fd, 0600) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int memfile_fill(int fd, const void *bytes, size_t len)
{
	int r = fd_write_all(fd, bytes, len);

	if (r < 0)
		return r;
	if (fcntl(fd, F_ADD_SEALS,
		    F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) <
		0)
		return -errno;
	return 0;
}
