/* SPDX-License-Identifier: BSD-2-Clause */
/* One request of one connection, in a process of its own. */
#ifndef JUMP_WORKERS_CERT_SERVE_H
#define JUMP_WORKERS_CERT_SERVE_H

/* Answers it; returns the process's exit status. */
int serve_one(int fd, const char *zone, const char *ca_path);

#endif
