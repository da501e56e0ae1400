/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where connections come from: a socket that systemd handed over, or one that
 * is opened here; and telling systemd that the service is ready.
 */
#ifndef JUMP_APPROVALS_HTTP_LISTEN_H
#define JUMP_APPROVALS_HTTP_LISTEN_H

#include <stdint.h>

/* How many sockets systemd passed to this process (sd_listen_fds(3)); they
 * begin at descriptor 3. Call it before proc_harden(). */
int listen_passed(void);

/* Opens host (numeric; "" and "::" take IPv4 as well) and port. fd/-errno */
int listen_open(const char *host, uint16_t port);

/* One line of sd_notify(3): "READY=1". Does nothing without systemd. */
void listen_notify(const char *state);

#endif
