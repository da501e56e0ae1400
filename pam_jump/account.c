/* SPDX-License-Identifier: BSD-2-Clause */
#include "pam_jump/account.h"

#include "pam_jump/access.h"
#include "pam_jump/factor.h"
#include "pam_jump/prompt.h"
#include "pam_jump/report.h"
#include "pam_jump/words.h"

static void tell_why(pam_handle_t *pamh, const struct access *a)
{
	struct words words;

	words_make(a, &words);
	prompt_tell(pamh, words.why);
	if (words.next[0])
		prompt_tell(pamh, words.next);
}

/* For the process that opens the session: how the second factor was passed. */
static enum refusal pass_on(pam_handle_t *pamh, bool by_grace)
{
	const char *setting =
		by_grace ? "JUMP_FACTOR=grace" : "JUMP_FACTOR=code";

	return pam_putenv(pamh, setting) == PAM_SUCCESS ? REFUSAL_NONE
							: REFUSAL_SYSTEM;
}

enum refusal account_check(pam_handle_t *pamh, bool tell)
{
	_cleanup_access_ struct access a = {0};
	struct who who;
	bool by_grace = false, both;
	enum refusal why = who_read(pamh, &who);

	both = why == REFUSAL_NONE && who.key[0] &&
	       factor_passed(pamh, who.user, &by_grace);
	if (why == REFUSAL_NONE && who_name_session(pamh, &who) < 0)
		why = REFUSAL_SYSTEM;
	access_judge(pamh, &who, &a);
	if (why == REFUSAL_NONE && !both)
		why = REFUSAL_FACTOR;
	if (why != REFUSAL_NONE)
		a.why = why;
	if (a.why == REFUSAL_NONE)
		a.why = pass_on(pamh, by_grace);
	if (report_access(&who, &a, by_grace) < 0 && a.audit_required &&
		a.why == REFUSAL_NONE)
		a.why = REFUSAL_AUDIT;
	if (a.why != REFUSAL_NONE && both && tell)
		tell_why(pamh, &a);
	return a.why;
}
