/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last policy that was good, kept as a copy of its files: while the
 * administrator's files have an error, a revocation must still be carried
 * out, and a reboot must not lock everybody out or let anybody in.
 */
#ifndef JUMP_WORKERS_APPLY_LASTPOLICY_H
#define JUMP_WORKERS_APPLY_LASTPOLICY_H

#include "policy/policy.h"
#include "workers/apply/digest.h"

#define LASTPOLICY_NAME "policy" /* in the state folder, a link */

struct policy_places {
	const char *dir;   /* /etc/jump */
	const char *state; /* /var/lib/jump/state */
	uid_t owner;
};

enum policy_source {
	POLICY_NONE = 0,  /* neither is good: deny */
	POLICY_CURRENT,	  /* what stands in dir */
	POLICY_LAST_GOOD, /* dir has errors */
};

/*
 * Loads the policy of dir from a copy of its bytes, and keeps the copy when
 * it is good; else loads the copy that is kept. ret_errors are those of dir,
 * ret_digest is of the files in dir ("" when they can't be read).
 */
enum policy_source lastpolicy_load(const struct policy_places *places,
	struct policy *ret_policy, struct policy_errors *ret_errors,
	char ret_digest[DIGEST_SIZE]);

#endif
