/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * approvals.conf: who this service is, where it listens, what it hands out.
 */
#ifndef JUMP_APPROVALS_DESK_SETTINGS_H
#define JUMP_APPROVALS_DESK_SETTINGS_H

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/name.h"

#define APPROVALS_CONF "/etc/jump/approvals.conf"

struct approvals_settings {
	char issuer[NAME_SIZE]; /* `iss` of snapshots, name in authenticators */
	char url[256];		/* as bastions and people reach it */
	char listen[80];	/* "[::]:8443"; "" : by socket activation */
	char state_dir[PATH_MAX / 8];
	char key_dir[PATH_MAX / 8]; /* keys; "": state_dir */
	uint32_t uid_min, uid_max;
	uint32_t snapshot_life_sec;
	uint32_t client_days, bastion_days; /* lives of certificates */
	uint32_t connections_max, connections_per_address;
};

/* One complaint: line 0 is about the file as a whole. */
struct settings_error {
	uint32_t line;
	char text[200];
};

/* Reads the text of a file. 0, or -EINVAL with the first complaint. */
int approvals_settings_parse(const char *text, size_t len,
	struct approvals_settings *ret_settings,
	struct settings_error *ret_error);

/* The file itself: owned by root, not writable by others. -ENOENT: none. */
int approvals_settings_load(const char *path, uid_t owner,
	struct approvals_settings *ret_settings,
	struct settings_error *ret_error);

/* Splits "[::1]:8443", "0.0.0.0:8443" or ":8443". 0 or -EINVAL. */
#define LISTEN_HOST_SIZE 64
int listen_parse(
	const char *text, char ret_host[LISTEN_HOST_SIZE], uint16_t *ret_port);

#endif
