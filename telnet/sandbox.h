/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last act before the first byte of the device: giving up everything but
 * what moves bytes.
 */
#ifndef JUMP_TELNET_SANDBOX_H
#define JUMP_TELNET_SANDBOX_H

/*
 * From here on this process can read, write, wait, ask its terminal's size
 * and end: no file, socket, process or memory map can be made any more.
 * Returns 0 or -errno: then don't go on. Source: seccomp(2).
 */
int sandbox_enter(void);

#endif
