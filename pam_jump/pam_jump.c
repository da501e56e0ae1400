/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entry points that libpam calls, the options, and the one place where a
 * refusal becomes a PAM code. Nothing but REFUSAL_NONE becomes PAM_SUCCESS.
 */
#define PAM_SM_AUTH
#define PAM_SM_ACCOUNT
#define PAM_SM_SESSION
#include <string.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <syslog.h>

#include "pam_jump/account.h"
#include "pam_jump/factor.h"
#include "pam_jump/session.h"

#define ENTRY __attribute__((visibility("default")))

enum phase {
	PHASE_NONE = 0, /* no option */
	PHASE_LOCKED,
	PHASE_CODE,
	PHASE_REFUSE,
	PHASE_BEFORE,
	PHASE_AFTER,
	PHASE_WRONG, /* an option that nobody knows */
};

/* "phase=WORD" or nothing at all; anything else is a broken configuration. */
static enum phase phase_of(int argc, const char **argv)
{
	static const struct {
		const char *option;
		enum phase phase;
	} known[] = {
		{"phase=locked", PHASE_LOCKED},
		{"phase=code", PHASE_CODE},
		{"phase=refuse", PHASE_REFUSE},
		{"phase=before", PHASE_BEFORE},
		{"phase=after", PHASE_AFTER},
	};

	if (argc == 0)
		return PHASE_NONE;
	if (argc != 1)
		return PHASE_WRONG;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(argv[0], known[i].option) == 0)
			return known[i].phase;
	}
	return PHASE_WRONG;
}

static int code_of(enum refusal why, int denied)
{
	switch (why) {
	case REFUSAL_NONE:
		return PAM_SUCCESS;
	case REFUSAL_SYSTEM:
		return PAM_SYSTEM_ERR;
	case REFUSAL_NOT_OURS:
	case REFUSAL_UNKNOWN:
		return PAM_USER_UNKNOWN;
	default:
		return denied;
	}
}

static int misconfigured(pam_handle_t *pamh, const char *group)
{
	pam_syslog(pamh, LOG_ERR,
		"%s: options are not those of pam_jump(8): refused", group);
	return PAM_SERVICE_ERR;
}

ENTRY int pam_sm_authenticate(
	pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)flags;
	switch (phase_of(argc, argv)) {
	case PHASE_LOCKED:
		return code_of(factor_mark_locked(pamh), PAM_AUTH_ERR);
	case PHASE_CODE:
		return code_of(factor_ask(pamh), PAM_AUTH_ERR);
	case PHASE_REFUSE:
		return code_of(factor_refuse(pamh), PAM_AUTH_ERR);
	default:
		return misconfigured(pamh, "auth");
	}
}

/* There are no credentials to set: only a known place in the stack is. */
ENTRY int pam_sm_setcred(
	pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)flags;
	switch (phase_of(argc, argv)) {
	case PHASE_CODE:
		return PAM_SUCCESS;
	case PHASE_LOCKED:
	case PHASE_REFUSE:
		return PAM_CRED_UNAVAIL;
	default:
		return misconfigured(pamh, "auth");
	}
}

ENTRY int pam_sm_acct_mgmt(
	pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	if (phase_of(argc, argv) != PHASE_NONE)
		return misconfigured(pamh, "account");
	return code_of(account_check(pamh, !(flags & PAM_SILENT)),
		PAM_PERM_DENIED);
}

ENTRY int pam_sm_open_session(
	pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)flags;
	switch (phase_of(argc, argv)) {
	case PHASE_BEFORE:
		return code_of(session_bound(pamh), PAM_SESSION_ERR);
	case PHASE_AFTER:
		return code_of(session_record(pamh), PAM_SESSION_ERR);
	default:
		return misconfigured(pamh, "session");
	}
}

/*
 * The end is told before pam_systemd gives the scope back: what logind may
 * then stop is the process that is telling.
 */
ENTRY int pam_sm_close_session(
	pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)flags;
	switch (phase_of(argc, argv)) {
	case PHASE_BEFORE:
		return code_of(session_end(pamh), PAM_SESSION_ERR);
	case PHASE_AFTER:
		return PAM_SUCCESS;
	default:
		return misconfigured(pamh, "session");
	}
}
