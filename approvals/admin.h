/* SPDX-License-Identifier: BSD-2-Clause */
/* The verbs of jump-approvals. Each returns an exit status. */
#ifndef JUMP_APPROVALS_ADMIN_H
#define JUMP_APPROVALS_ADMIN_H

#include "approvals/desk/service.h"

struct admin {
	const char *config;
	int passed_fds; /* by systemd, from descriptor 3 */
};

int admin_serve(const struct admin *a, int argc, char **argv);
int admin_init(const struct admin *a, int argc, char **argv);
int admin_token(const struct admin *a, int argc, char **argv);
int admin_client(const struct admin *a, int argc, char **argv);
int admin_client_disable(const struct admin *a, int argc, char **argv);
int admin_bastion_revoke(const struct admin *a, int argc, char **argv);
int admin_verify_log(const struct admin *a, int argc, char **argv);

#endif
