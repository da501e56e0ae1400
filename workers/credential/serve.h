/* SPDX-License-Identifier: BSD-2-Clause */
/* One request of one connection, in a process of its own. */
#ifndef JUMP_WORKERS_CREDENTIAL_SERVE_H
#define JUMP_WORKERS_CREDENTIAL_SERVE_H

/* context: the struct keeper. Returns the process's exit status. */
int serve_claim(int fd, const void *context);

#endif
