/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why somebody may not come in: a closed set, with one word for the logs and
 * one sentence for the person. The zero value refuses.
 */
#ifndef JUMP_PAM_REFUSAL_H
#define JUMP_PAM_REFUSAL_H

#include <stddef.h>

#include "policy/decide.h"

enum refusal {
	REFUSAL_UNSPECIFIED = 0,
	REFUSAL_NONE = 1, /* nothing stands against it */
	/* the caller */
	REFUSAL_NOT_OURS, /* a local account, or a uid outside our range */
	REFUSAL_UNKNOWN,  /* not enrolled at this bastion */
	REFUSAL_DISABLED,
	REFUSAL_KEY,      /* no first factor, or a key that is not enrolled */
	REFUSAL_FACTOR,   /* no second factor in this very login */
	/* the one-time code: never told, all of them look like a wrong code */
	REFUSAL_OTP_BAD,
	REFUSAL_OTP_REPLAY,
	REFUSAL_NO_SEED,
	REFUSAL_STATE, /* what was used before can't be read or kept */
	REFUSAL_LOCKED,
	/* the bastion */
	REFUSAL_UNPUBLISHED, /* no rights since boot */
	REFUSAL_CORRUPT,
	REFUSAL_STALE,
	REFUSAL_CLOCK,
	REFUSAL_AUDIT,
	REFUSAL_HEALTH,
	/* the window: the word and the sentence are policy's */
	REFUSAL_DECISION,
	/* the session */
	REFUSAL_SESSIONS,      /* of this user */
	REFUSAL_HOST_SESSIONS, /* of all */
	REFUSAL_SCOPE,  /* no logind scope, or without our time limit */
	REFUSAL_RECORD, /* no session record could be written */
	REFUSAL_SYSTEM, /* memory, or a call of the host that failed */
	REFUSAL_COUNT
};

/*
 * reason: what the policy said, looked at for REFUSAL_DECISION alone.
 * Neither is ever NULL.
 */
const char *refusal_word(enum refusal why, enum reason reason);
const char *refusal_sentence(enum refusal why, enum reason reason);

#endif
