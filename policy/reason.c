/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The closed set of reasons, as a word for logs and as a sentence for people.
 * A sentence says what is so and, where one exists, what to do next.
 */
#include "policy/decide.h"

static const struct {
	const char *word;
	const char *sentence;
} reasons[REASON_COUNT] = {
	[REASON_UNSPECIFIED] = {"unspecified",
		"Access is refused; no reason was recorded."},
	[REASON_OK] = {"ok", "Access is granted."},
	[REASON_NO_GRANT] = {"no_grant",
		"No window has been approved for you. Request one."},
	[REASON_EARLY] = {"early", "Your window is not open yet."},
	[REASON_LATE] = {"late",
		"Your window is over. Request another one, or an extension "
		"while it is open."},
	[REASON_REVOKED] = {"revoked", "Your window was revoked."},
	[REASON_TARGET] = {"target", "This target is not part of your window."},
	[REASON_PROTOCOL] = {"protocol",
		"This protocol is not granted for this target."},
	[REASON_ACCOUNT] = {"account",
		"This account of the target is not granted."},
	[REASON_SOURCE] = {"source",
		"Your window is not valid from this network address."},
	[REASON_POLICY] = {"policy",
		"The policy of this site does not allow this connection."},
	[REASON_LENGTH] = {"length",
		"Your window is longer than the policy of this site allows."},
	[REASON_APPROVALS] = {"approvals",
		"Your window lacks approvals that this target needs."},
	[REASON_RECORDING] = {"recording",
		"This target must be recorded, which is not possible on this "
		"way to it. Use 'connect TARGET', or 'ssh BASTION TARGET'."},
	[REASON_REQUEST] = {"request", "The request is not complete."},
	[REASON_FILES] = {"files", "Files may not be moved in this direction."},
};

const char *reason_word(enum reason r)
{
	if ((unsigned)r >= REASON_COUNT)
		r = REASON_UNSPECIFIED;
	return reasons[r].word;
}

const char *reason_sentence(enum reason r)
{
	if ((unsigned)r >= REASON_COUNT)
		r = REASON_UNSPECIFIED;
	return reasons[r].sentence;
}
