/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a new generation changes for whom, against the published one, so that
 * each change becomes an event before it takes effect.
 */
#ifndef JUMP_GRANTS_CHANGES_H
#define JUMP_GRANTS_CHANGES_H

#include "grants/compile.h"

enum change_kind {
	CHANGE_NONE = 0,
	CHANGE_USER_ADDED,
	CHANGE_USER_REMOVED,
	CHANGE_GRANT_ADDED,
	CHANGE_GRANT_CHANGED, /* longer, shorter, wider, narrower */
	CHANGE_GRANT_REVOKED, /* revoked, or no longer there before its end */
};

struct change {
	enum change_kind kind;
	const char *user;
	uint32_t uid;
	const struct grant *before; /* NULL: new, or of a user */
	const struct grant *after;  /* NULL: gone, or of a user */
};

/*
 * Tells each change of the users in `changed` (publication_changed()), and
 * of those that `before` has and `after` has not. Grants that are over are no
 * change. before NULL: nothing was published. What `tell` gets is gone when
 * it returns; another value than 0 ends the walk and is returned. Else 0 or
 * -errno of reading `before`.
 */
typedef int changes_teller(const struct change *change, void *context);
int changes_tell(struct rights *before, const struct compiled *after,
	const struct compiled_user *const *changed, size_t changed_count,
	changes_teller *tell, void *context);

#endif
