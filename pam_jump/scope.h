/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The logind scope that this session's processes are in, and whether systemd
 * took the time limit for it.
 */
#ifndef JUMP_PAM_SCOPE_H
#define JUMP_PAM_SCOPE_H

#include <stdint.h>

#define SCOPE_NAME_SIZE   48
#define SCOPE_CGROUP_SIZE 256

struct scope {
	char name[SCOPE_NAME_SIZE];     /* "session-12.scope" */
	char cgroup[SCOPE_CGROUP_SIZE]; /* "/user.slice/..." */
	uint64_t cgroup_id;             /* inode of its folder */
};

/*
 * "/user.slice/user-UID.slice/session-ID.scope", for this uid and with ID of
 * letters and digits. 0 or -EBADMSG. Fills name and cgroup.
 */
int scope_parse(const char *cgroup, uint32_t uid, struct scope *ret_scope);

/*
 * The scope of the calling process. 0; -EBADMSG: it is in no session of that
 * uid; another -errno. Source: cgroups(7); pam_systemd(8).
 */
int scope_own(uint32_t uid, struct scope *ret_scope);

/*
 * Did systemd take RuntimeMaxSec= for this scope, at most max_sec? A value
 * that it can't parse means "no limit" to it, so this looks at what it wrote
 * down. 0; -ENODATA: no limit; -ERANGE: a longer one; another -errno.
 */
int scope_limit(const char *scope, uint64_t max_sec);

/* "1d 2h 30min" and its kin, as systemd prints spans. 0 or -EBADMSG. */
int scope_parse_span(const char *text, uint64_t *ret_sec);

#endif
