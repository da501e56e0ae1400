/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file without a name, in memory: it is gone when nobody holds it any
 * more, however we end.
 */
#ifndef JUMP_JUMPSHELL_MEMFILE_H
#define JUMP_JUMPSHELL_MEMFILE_H

#include <stddef.h>

/*
 * An empty one, readable and writable by its owner alone (ssh refuses keys
 * that others may read). Returns the descriptor or -errno. label is what
 * /proc shows. Source: memfd_create(2).
 */
int memfile_open(const char *label);

/* Writes it and forbids any change from then on. 0 or -errno. */
int memfile_fill(int fd, const void *bytes, size_t len);

#endif
