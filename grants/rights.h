/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The compiled rights, as the gates read them: what jump-apply made of a
 * verified snapshot and the local policy. One bounded reader serves rights.db
 * (all users, for relay, cert, keys, PAM) and users/UID (one user's own, for
 * jumpshell). doc/formats/rights.md is the format.
 */
#ifndef JUMP_GRANTS_RIGHTS_H
#define JUMP_GRANTS_RIGHTS_H

#include "policy/decide.h"

#define RIGHTS_DIR      "/run/jump/db" /* generations and `current` */
#define RIGHTS_CURRENT  "/run/jump/db/current"
#define RIGHTS_DB       "/run/jump/db/current/rights.db"
#define RIGHTS_USER_FMT "/run/jump/db/current/users/%u"
#define RIGHTS_KEY_SIZE 1024
#define RIGHTS_KEYS_MAX 8

/* From the header of the file; settings carries what gates need of
 * jump.conf, with the strings that gates do not need left empty. */
struct rights_info {
	uint64_t generation;
	uint64_t serial;     /* of the snapshot */
	int64_t issued;      /* its iat, UTC s */
	int64_t expires;     /* its exp, UTC s: later than this is stale */
	struct settings settings;
};

struct rights; /* an open file; not thread-safe */

/*
 * Opens and judges a file (owner root unless the tests say otherwise).
 * Returns 0 with a handle for rights_close(); -ENOENT: nothing published
 * since boot; -EBADMSG: corrupt; another -errno. All of them: deny.
 */
int rights_open(const char *path, uid_t owner, struct rights **ret_rights);
void rights_close(struct rights *r); /* NULL is fine */
static inline void cleanup_rights(struct rights **r)
{
	rights_close(*r);
}
#define _cleanup_rights_ __attribute__((cleanup(cleanup_rights)))

const struct rights_info *rights_info(const struct rights *r);

/* A user as enrolled here. Keys are OpenSSH lines "type base64", borrowed. */
struct rights_user {
	char name[NAME_SIZE];
	uint32_t uid;
	bool disabled;
	size_t key_count;
	char keys[RIGHTS_KEYS_MAX][RIGHTS_KEY_SIZE];
};
int rights_user_by_uid(
	struct rights *r, uint32_t uid, struct rights_user *ret_user);
int rights_user_by_name(
	struct rights *r, const char *name, struct rights_user *ret_user);

/* For listings: how many users, and each by its place (sorted by uid). */
uint32_t rights_user_count(const struct rights *r);
int rights_user_at(
	struct rights *r, uint32_t place, struct rights_user *ret_user);

/*
 * Everything that policy_decide_any() needs for one user: a small policy of
 * just the zones, targets and conduits that this user's grants can use, the
 * targets that those are behind (hop_only: no grant names them), and
 * the grants (open, future, and those that ended or were revoked a short
 * while ago, so that a refusal can say so). Returns 0 (grants may be 0), or
 * -EBADMSG: corrupt, deny.
 */
struct rights_view {
	struct policy policy;
	size_t grant_count;
	struct grant *grants; /* owned, sorted by not_before */
	void *names;          /* owned: what grants[].targets borrow */
};
int rights_view_load(
	struct rights *r, uint32_t uid, struct rights_view *ret_view);
void rights_view_done(struct rights_view *v);
#define _cleanup_rights_view_ __attribute__((cleanup(rights_view_done)))

/* The decision over a loaded view. */
struct decision rights_decide(const struct rights_view *v,
	const struct request *request, int64_t now);

/* The granted target of the view that has this address and offers something
 * at this port, and what; used by the relay for redirected connections. NULL
 * when none. */
const struct target *rights_target_at(const struct rights_view *v,
	const struct address *address, uint16_t port, enum proto *ret_proto);

#endif
