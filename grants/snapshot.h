/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The signed statement in memory, as doc/formats/snapshot.md defines it:
 * everything checked that can be checked without the local policy.
 */
#ifndef JUMP_GRANTS_SNAPSHOT_H
#define JUMP_GRANTS_SNAPSHOT_H

#include <jansson.h>

#include "grants/fault.h"
#include "policy/decide.h"
#include "grants/rights.h"

#define SNAPSHOT_VERSION     1
#define SNAPSHOT_USERS_MAX   20000
#define SNAPSHOT_GRANTS_MAX  100000
#define SNAPSHOT_TARGETS_MAX 64
#define SNAPSHOT_GECOS_MAX   63
#define SNAPSHOT_OTP_MAX     2048
#define SNAPSHOT_LIFE_MAX    (31 * 86400)
#define SNAPSHOT_WINDOW_MAX  (366 * 86400)
#define SNAPSHOT_AHEAD_MAX   60 /* s that iat may be ahead of our clock */
#define SNAPSHOT_KEPT_SEC    (7 * 86400) /* ended grants are told of */

struct snapshot_user {
	const char *name; /* strings are borrowed from the snapshot */
	uint32_t uid;
	const char *gecos;
	bool disabled;
	size_t key_count;
	const char *keys[RIGHTS_KEYS_MAX];
	const char *otp;    /* NULL: none */
	size_t grant_count; /* of this user */
};

struct snapshot {
	char iss[NAME_SIZE];
	char aud[NAME_SIZE];
	int64_t iat, exp;
	uint64_t serial;
	size_t user_count;
	struct snapshot_user *users; /* sorted by name */
	size_t grant_count;
	struct grant *grants;  /* sorted by id; targets stand in `names` */
	uint32_t *grant_users; /* by grant: its place in users */
	char (*names)[NAME_SIZE];
	size_t name_count;
	json_t *json; /* what the strings are borrowed from */
};

void snapshot_done(struct snapshot *s);
#define _cleanup_snapshot_ __attribute__((cleanup(snapshot_done)))

/*
 * Reads a payload. Returns 0; -EBADMSG and a fault of words json, member,
 * value, order; -ENOMEM. Never a partial snapshot. Source: threats T-JSON,
 * T-FORGED.
 */
int snapshot_parse(const char *json, size_t len, struct snapshot *ret_snapshot,
	struct fault *ret_fault);

/*
 * May it be accepted here and now? now: trusted UTC s. last_serial: of the
 * last accepted one, 0: none; the same serial is for the caller to allow when
 * the bytes are the same. Returns 0; -EBADMSG and a fault of words audience,
 * serial, future, stale. Pure. Source: threat T-REPLAY-SNAPSHOT.
 */
int snapshot_check(const struct snapshot *s, const char *bastion_id,
	uint64_t last_serial, int64_t now, struct fault *ret_fault);

#endif
