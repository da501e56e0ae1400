/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A word to systemd: that the first look is done, and that each one is.
 */
#ifndef JUMP_WORKERS_WATCH_NOTIFY_H
#define JUMP_WORKERS_WATCH_NOTIFY_H

#define NOTIFY_VARIABLE "NOTIFY_SOCKET"

/*
 * Sends "READY=1", "WATCHDOG=1" or both, to the socket of the environment;
 * nothing when there is none. Source: sd_notify(3).
 */
void notify(const char *state);

#endif
