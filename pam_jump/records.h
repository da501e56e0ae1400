/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The session records of this bastion: who has a session now. Written here
 * once a login; doc/architecture.md lists the keys, workers/ reads them.
 */
#ifndef JUMP_PAM_RECORDS_H
#define JUMP_PAM_RECORDS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "pam_jump/scope.h"
#include "pam_jump/who.h"

#define RECORDS_MAX 8192

/* What the live sessions say about one caller. */
struct survey {
	unsigned host;   /* sessions of all suppliers */
	unsigned user;   /* of this uid */
	/* the latest start of a session of this uid, key and source that was
	 * opened with a code; 0: none */
	int64_t code_started;
};

/*
 * Looks at every record whose monitor still lives. A record that can't be
 * understood counts as somebody's session. Returns 0 or -errno; -E2BIG beyond
 * RECORDS_MAX. No folder is no session. Any error: refuse.
 */
int records_survey(
	const struct who *who, uint32_t uid, struct survey *ret_survey);

/* A session about to be put on record. */
struct login_record {
	const struct who *who;
	const struct scope *scope;
	uint32_t uid;
	bool by_code; /* factor: a code; else OtpGrace */
	int64_t started; /* UTC s */
};

/*
 * Writes one under a lock that every writer takes, after counting once more:
 * of two logins at once, the limits let one in.
 * Returns 0; -EDQUOT: the user's limit; -EUSERS: the host's; another -errno.
 */
int records_write(const struct login_record *record, unsigned user_max,
	unsigned host_max);

/*
 * Removes the record of a scope when it is this session's. Returns 0 with its
 * uid and start; -ENOENT: none; -ESTALE: another session's; another -errno.
 */
int records_remove(const char *scope, const char *session, uint32_t *ret_uid,
	int64_t *ret_started);

#endif
