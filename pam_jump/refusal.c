/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of refusals. A sentence says what is so and what to do next; it
 * goes to somebody who has passed both factors, never to anybody else.
 */
#include "pam_jump/refusal.h"

#define ASK_OPERATOR " Ask the operator of this bastion."

static const struct {
	const char *word;
	const char *sentence;
} refusals[REFUSAL_COUNT] = {
	[REFUSAL_UNSPECIFIED] = {"unspecified", "Access is refused."},
	[REFUSAL_NONE] = {"ok", "Access is granted."},
	[REFUSAL_NOT_OURS] = {"not_ours",
		"This account belongs to the host itself and can't come in "
		"here."},
	[REFUSAL_UNKNOWN] = {"unknown", "You are not enrolled at this "
					"bastion."},
	[REFUSAL_DISABLED] = {"disabled",
		"Your account is disabled at this bastion." ASK_OPERATOR},
	[REFUSAL_KEY] = {"key", "This key is not enrolled at this bastion."},
	[REFUSAL_FACTOR] = {"factor",
		"A key and a one-time code are needed, both in this login."},
	[REFUSAL_OTP_BAD] = {"otp_bad", "Access is refused."},
	[REFUSAL_OTP_REPLAY] = {"otp_replay", "Access is refused."},
	[REFUSAL_NO_SEED] = {"no_seed", "Access is refused."},
	[REFUSAL_STATE] = {"otp_state", "Access is refused."},
	[REFUSAL_LOCKED] = {"locked", "Access is refused."},
	[REFUSAL_UNPUBLISHED] = {"unpublished",
		"This bastion has started and does not know yet who may come "
		"in. Try again in a minute."},
	[REFUSAL_CORRUPT] = {"corrupt",
		"This bastion can't read who may come in." ASK_OPERATOR},
	[REFUSAL_STALE] = {"stale",
		"This bastion has not heard from the approvals service for too "
		"long, so nobody may come in." ASK_OPERATOR},
	[REFUSAL_CLOCK] = {"clock",
		"This bastion does not trust its clock at the moment, so nobody "
		"may come in." ASK_OPERATOR},
	[REFUSAL_AUDIT] = {"audit",
		"This bastion can't write its audit log at the moment, so "
		"nobody may come in." ASK_OPERATOR},
	[REFUSAL_HEALTH] = {"health",
		"This bastion does not know its own state at the moment, so "
		"nobody may come in." ASK_OPERATOR},
	[REFUSAL_SESSIONS] = {"sessions",
		"You have as many sessions open as you may. Close one first."},
	[REFUSAL_HOST_SESSIONS] = {"sessions_host",
		"This bastion has as many sessions open as it may. Try again "
		"later."},
	[REFUSAL_SCOPE] = {"scope",
		"No session with a time limit could be opened." ASK_OPERATOR},
	[REFUSAL_RECORD] = {"record",
		"The session could not be put on record." ASK_OPERATOR},
	[REFUSAL_SYSTEM] = {"system",
		"This bastion could not do what a login needs." ASK_OPERATOR},
};

static enum refusal known(enum refusal why)
{
	if ((unsigned)why >= REFUSAL_COUNT)
		return REFUSAL_UNSPECIFIED;
	return refusals[why].word ? why : REFUSAL_UNSPECIFIED;
}

const char *refusal_word(enum refusal why, enum reason reason)
{
	if (why == REFUSAL_DECISION)
		return reason_word(reason);
	return refusals[known(why)].word;
}

const char *refusal_sentence(enum refusal why, enum reason reason)
{
	if (why == REFUSAL_DECISION)
		return reason_sentence(reason);
	return refusals[known(why)].sentence;
}
