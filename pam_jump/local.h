/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is a name or a uid the host's own? Asked of the passwd file itself: what
 * the name service says is what an attacker of it would like us to believe.
 */
#ifndef JUMP_PAM_LOCAL_H
#define JUMP_PAM_LOCAL_H

#include <stdint.h>
#include <sys/types.h>

#define LOCAL_PASSWD_MAX_BYTES (4u << 20)

/*
 * Returns 1 when a line of that passwd file has this name or this uid, 0 when
 * none has, -errno when the file can't be trusted, read or understood: treat
 * that as 1. Source: passwd(5); threat T-LOCAL.
 */
int local_account(
	const char *passwd_file, uid_t owner, const char *name, uint32_t uid);

#endif
