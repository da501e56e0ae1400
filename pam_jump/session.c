/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sshd opens the session in another process than the one that asked for the
 * code, so both factors are proven here by what sshd itself recorded of them
 * and by PAM's environment, which it carried over.
 */
#include "pam_jump/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <security/pam_ext.h>

#include "base/cleanup.h"
#include "base/proc.h"
#include "pam_jump/access.h"
#include "pam_jump/factor.h"
#include "pam_jump/places.h"
#include "pam_jump/report.h"
#include "pam_jump/scope.h"

#define LIMIT_DATA    "systemd.runtime_max_sec"
#define LIMIT_MAX_SEC (31u * 86400u)

/* "code" or "grace": the account step put it there, nobody else can. */
static enum refusal check_factors(
	pam_handle_t *pamh, const struct who *who, bool *ret_by_code)
{
	const char *factor = pam_getenv(pamh, "JUMP_FACTOR");
	bool code, grace;

	if (!factor || !who->session[0] || !who->key[0] || !who->second_method)
		return REFUSAL_FACTOR;
	code = strcmp(factor, "code") == 0;
	grace = strcmp(factor, "grace") == 0;
	*ret_by_code = code;
	return code || grace ? REFUSAL_NONE : REFUSAL_FACTOR;
}

static enum refusal judge(pam_handle_t *pamh, struct who *who,
	struct access *a, bool *ret_by_code)
{
	enum refusal r = who_read(pamh, who);

	if (r != REFUSAL_NONE)
		return r;
	access_judge(pamh, who, a);
	r = check_factors(pamh, who, ret_by_code);
	return r != REFUSAL_NONE ? r : a->why;
}

static void limit_free(pam_handle_t *pamh, void *data, int status)
{
	(void)pamh;
	(void)status;
	free(data);
}

/* pam_systemd takes it from there; an integer, or it would mean "no limit". */
static enum refusal set_limit(pam_handle_t *pamh, uint64_t limit_sec)
{
	_cleanup_free_ char *text = NULL;

	if (limit_sec == 0 || limit_sec > LIMIT_MAX_SEC)
		return REFUSAL_SCOPE;
	if (asprintf(&text, "%llu", (unsigned long long)limit_sec) < 0)
		return REFUSAL_SYSTEM;
	if (pam_set_data(pamh, LIMIT_DATA, text, limit_free) != PAM_SUCCESS)
		return REFUSAL_SYSTEM;
	(void)TAKE_PTR(text);
	return REFUSAL_NONE;
}

enum refusal session_bound(pam_handle_t *pamh)
{
	_cleanup_access_ struct access a = {0};
	struct who who;
	bool by_code = false;
	enum refusal r = judge(pamh, &who, &a, &by_code);

	if (r == REFUSAL_NONE)
		r = set_limit(pamh, access_longest_sec(&a));
	if (r != REFUSAL_NONE)
		(void)report_session_refused(&who, &a, r);
	return r;
}

static enum refusal check_scope(const struct access *a, struct scope *scope)
{
	if (scope_own(a->user.uid, scope) < 0)
		return REFUSAL_SCOPE;
	if (scope_limit(scope->name, access_longest_sec(a)) < 0)
		return REFUSAL_SCOPE;
	return REFUSAL_NONE;
}

static enum refusal put_scope(pam_handle_t *pamh, const struct scope *scope)
{
	char setting[sizeof("JUMP_SCOPE=") + SCOPE_NAME_SIZE];

	(void)snprintf(
		setting, sizeof(setting), "JUMP_SCOPE=%s", scope->name);
	return pam_putenv(pamh, setting) == PAM_SUCCESS ? REFUSAL_NONE
							: REFUSAL_SYSTEM;
}

/* The event first: a session that can't be told of does not begin. */
static enum refusal put_on_record(const struct who *who,
	const struct access *a, const struct scope *scope, bool by_code)
{
	const struct login_record record = {
		.who = who,
		.scope = scope,
		.uid = a->user.uid,
		.by_code = by_code,
		.started = a->now,
	};
	int r;

	if (report_session_start(who, a) < 0 && a->audit_required)
		return REFUSAL_AUDIT;
	r = records_write(&record, a->decision.max_sessions,
		a->settings->sessions_max);
	if (r == -EDQUOT)
		return REFUSAL_SESSIONS;
	if (r == -EUSERS)
		return REFUSAL_HOST_SESSIONS;
	return r < 0 ? REFUSAL_RECORD : REFUSAL_NONE;
}

/* Did session_bound() say yes? If not, it has told why. */
static bool was_bound(pam_handle_t *pamh)
{
	const void *limit = NULL;

	return pam_get_data(pamh, LIMIT_DATA, &limit) == PAM_SUCCESS && limit;
}

enum refusal session_record(pam_handle_t *pamh)
{
	_cleanup_access_ struct access a = {0};
	struct scope scope = {0};
	struct who who;
	bool by_code = false;
	enum refusal r;

	if (!was_bound(pamh))
		return REFUSAL_SCOPE;
	r = judge(pamh, &who, &a, &by_code);
	if (r == REFUSAL_NONE)
		r = check_scope(&a, &scope);
	if (r == REFUSAL_NONE)
		r = put_scope(pamh, &scope);
	if (r == REFUSAL_NONE)
		r = put_on_record(&who, &a, &scope, by_code);
	if (r != REFUSAL_NONE)
		(void)report_session_refused(&who, &a, r);
	return r;
}

static int64_t lasted_ms(int64_t started)
{
	struct moment_clock clock;

	if (moment_clock_read_at(PLACE_CLOCK, PAM_JUMP_OWNER, &clock) < 0 ||
		moment_now_sec(&clock) < started)
		return 0;
	return (moment_now_sec(&clock) - started) * 1000;
}

enum refusal session_end(pam_handle_t *pamh)
{
	const char *scope = pam_getenv(pamh, "JUMP_SCOPE");
	struct who who;
	uint32_t uid = 0;
	int64_t started = 0;

	if (who_read(pamh, &who) != REFUSAL_NONE || !who.session[0])
		return REFUSAL_SYSTEM;
	if (!scope || strchr(scope, '/') || scope[0] == '.')
		return REFUSAL_SCOPE;
	if (records_remove(scope, who.session, &uid, &started) < 0)
		return REFUSAL_RECORD;
	if (report_session_end(&who, uid, lasted_ms(started)) < 0)
		return REFUSAL_AUDIT;
	return REFUSAL_NONE;
}
