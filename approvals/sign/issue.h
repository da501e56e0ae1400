/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The payload of a snapshot, written as text member by member: users first,
 * then grants, both in ascending order, as doc/formats/snapshot.md wants it.
 * A writer that was handed something out of order or out of bounds fails as a
 * whole: what bastions would refuse is never signed.
 */
#ifndef JUMP_APPROVALS_SIGN_ISSUE_H
#define JUMP_APPROVALS_SIGN_ISSUE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/name.h"
#include "policy/policy.h"

#define ISSUE_LIFE_MAX_SEC (31LL * 24 * 3600)
#define ISSUE_KEEP_SEC	   (7LL * 24 * 3600) /* ended grants */
#define ISSUE_USERS_MAX	   20000
#define ISSUE_GRANTS_MAX   100000

struct issue_head {
	const char *issuer, *audience;
	int64_t issued_at, expires_at; /* UTC s */
	int64_t serial;
};

struct issue_user {
	const char *name;
	uint32_t uid;
	const char *gecos;
	bool disabled;
	size_t key_count;
	const char *const *keys; /* "TYPE BASE64" */
	const char *otp;	 /* compact JWE; "": none */
};

struct issue_grant {
	const char *id, *user;
	const char *targets, *protocols; /* words, one blank between them */
	const char *account;
	int64_t not_before, not_after;
	bool revoked;
	size_t approver_count;
	const char *const *approvers;
	const char *ticket;
	enum record record;
	uint8_t files;
	const char *sources; /* words */
};

struct issue {
	FILE *out; /* NULL: not begun, or failed */
	char *text;
	size_t len;
	int error;
	bool in_grants;
	size_t users, grants;
	char last[ID_SIZE]; /* name or id written last */
};

int issue_begin(struct issue *w, const struct issue_head *h);
void issue_user(struct issue *w, const struct issue_user *u);
void issue_grants_begin(struct issue *w);
void issue_grant(struct issue *w, const struct issue_grant *g);

/* The payload, which the caller frees; or the first error. */
int issue_end(struct issue *w, char **ret_payload, size_t *ret_len);
void issue_done(struct issue *w);
#define _cleanup_issue_ __attribute__((cleanup(issue_done)))

#endif
