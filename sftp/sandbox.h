/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gate's last act before it takes bytes of others: giving up all but
 * reading and writing what it has, and memory.
 */
#ifndef JUMP_SFTP_SANDBOX_H
#define JUMP_SFTP_SANDBOX_H

/*
 * From here on: no file opened or named, no socket made, no program started,
 * no memory made executable; a bounded amount of memory and descriptors.
 * Returns 0 or -errno: then don't go on. Source: seccomp(2).
 */
int sandbox_enter(void);

#endif
