/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the events have already told of users and grants, so that each run
 * tells only what is new: a sorted text, one line a user, grant or refusal,
 * in the state folder.
 */
#ifndef JUMP_WORKERS_APPLY_KNOWN_H
#define JUMP_WORKERS_APPLY_KNOWN_H

#include <sys/types.h>

#include "grants/compile.h"

#define KNOWN_NAME	"known"
#define KNOWN_MAX_BYTES ((size_t)64 << 20)

enum news {
	NEWS_USER_ADDED,
	NEWS_USER_REMOVED,
	NEWS_GRANT_ADDED,
	NEWS_GRANT_EXTENDED,
	NEWS_GRANT_NARROWED, /* shorter or other than it was */
	NEWS_GRANT_REVOKED,
	NEWS_GRANT_DROPPED, /* no more in the snapshot, and was not over */
	NEWS_REFUSED,
};

/* One piece; what does not apply is NULL or 0. Borrowed for the call. */
struct news_item {
	enum news kind;
	const char *user;
	uint32_t uid;
	const char *grant_id;
	const struct grant *grant; /* as it is now */
	const struct grant_refusal *refusal;
};
typedef void news_tell(const struct news_item *item, void *context);

/* The text of what is compiled. NULL: no memory. The caller frees it. */
char *known_text(const struct compiled *c, size_t *ret_len);

/*
 * Tells what differs between the old text and the new one, which is of c.
 * A text of another form counts as empty. now: UTC s. Pure but for `tell`.
 * 0 or -ENOMEM.
 */
int known_compare(const char *old_text, size_t old_len, const char *new_text,
	size_t new_len, const struct compiled *c, int64_t now, news_tell *tell,
	void *context);

#endif
