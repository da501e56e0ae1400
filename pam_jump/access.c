/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One step a question, in the order in which they are told; the first that
 * does not say REFUSAL_NONE ends it.
 */
#include "pam_jump/access.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/health.h"
#include "pam_jump/places.h"

void access_done(struct access *a)
{
	rights_view_done(&a->view);
	rights_close(a->rights);
	memset(a, 0, sizeof(*a));
}

static enum refusal open_rights(
	pam_handle_t *pamh, const struct who *who, struct access *a)
{
	int r = rights_open(PLACE_RIGHTS, PAM_JUMP_OWNER, &a->rights);

	(void)pamh;
	(void)who;
	if (r == -ENOENT)
		return REFUSAL_UNPUBLISHED;
	if (r < 0)
		return r == -ENOMEM ? REFUSAL_SYSTEM : REFUSAL_CORRUPT;
	a->settings = &rights_info(a->rights)->settings;
	a->audit_required = !a->settings->audit_optional;
	return REFUSAL_NONE;
}

static enum refusal find_user(
	pam_handle_t *pamh, const struct who *who, struct access *a)
{
	struct rights_user *user = &a->user;
	int r = rights_user_by_name(a->rights, who->user, user);

	(void)pamh;
	if (r < 0)
		memset(user, 0, sizeof(*user));
	if (r == -ENOENT)
		return REFUSAL_UNKNOWN;
	return r < 0 ? REFUSAL_CORRUPT : REFUSAL_NONE;
}

/* Before anything is said to a local account, or done for it. */
static enum refusal check_ours(
	pam_handle_t *pamh, const struct who *who, struct access *a)
{
	const struct settings *s = a->settings;

	if (a->user.uid == 0 || a->user.uid < s->uid_min ||
		a->user.uid > s->uid_max)
		return REFUSAL_NOT_OURS;
	return who_is_ours(pamh, who, a->user.uid);
}

static enum refusal check_enrolled(
	pam_handle_t *pamh, const struct who *who, struct access *a)
{
	(void)pamh;
	if (a->user.disabled)
		return REFUSAL_DISABLED;
	if (!who->key[0] || !who->key_name[0])
		return REFUSAL_KEY;
	for (size_t i = 0; i < a->user.key_count && i < RIGHTS_KEYS_MAX; i++) {
		if (strcmp(a->user.keys[i], who->key) == 0)
			return REFUSAL_NONE;
	}
	return REFUSAL_KEY;
}

static enum refusal check_health(
	pam_handle_t *pamh, const struct who *who, struct access *a)
{
	const struct settings *s = a->settings;
	struct health health;

	(void)pamh;
	(void)who;
	if (!a->audit_required)
		return REFUSAL_NONE;
	if (health_read(PLACE_HEALTH, PAM_JUMP_OWNER, s->health_max_age_sec,
		    &health) < 0)
		return REFUSAL_HEALTH;
	return health_audit_ill(&health) ? REFUSAL_AUDIT : REFUSAL_NONE;
}

static enum refusal check_time(
	pam_handle_t *pamh, const struct who *who, struct access *a)
{
	(void)pamh;
	(void)who;
	if (!a->clock_known || !a->clock.trusted)
		return REFUSAL_CLOCK;
	return a->now >= rights_info(a->rights)->expires ? REFUSAL_STALE
							  : REFUSAL_NONE;
}

static enum refusal decide(
	pam_handle_t *pamh, const struct who *who, struct access *a)
{
	const struct request request = {
		.user = a->user.name,
		.uid = a->user.uid,
		.channel = CHANNEL_LOGIN,
		.source = who->source,
	};
	int r = rights_view_load(a->rights, a->user.uid, &a->view);

	(void)pamh;
	if (r < 0)
		return r == -ENOMEM ? REFUSAL_SYSTEM : REFUSAL_CORRUPT;
	a->decision = rights_decide(&a->view, &request, a->now);
	return a->decision.allow ? REFUSAL_NONE : REFUSAL_DECISION;
}

static enum refusal check_sessions(
	pam_handle_t *pamh, const struct who *who, struct access *a)
{
	const struct settings *s = a->settings;

	(void)pamh;
	if (records_survey(who, a->user.uid, &a->survey) < 0)
		return REFUSAL_SYSTEM;
	if (a->survey.user >= a->decision.max_sessions)
		return REFUSAL_SESSIONS;
	if (a->survey.host >= s->sessions_max)
		return REFUSAL_HOST_SESSIONS;
	return REFUSAL_NONE;
}

void access_judge(
	pam_handle_t *pamh, const struct who *who, struct access *ret_access)
{
	static enum refusal (*const steps[])(
		pam_handle_t *, const struct who *, struct access *) = {
		open_rights,
		find_user,
		check_ours,
		check_enrolled,
		check_health,
		check_time,
		decide,
		check_sessions,
	};
	struct access *a = ret_access;
	enum refusal why = REFUSAL_NONE;

	memset(a, 0, sizeof(*a));
	a->audit_required = true;
	a->clock_known = moment_clock_read_at(
				 PLACE_CLOCK, PAM_JUMP_OWNER, &a->clock) == 0;
	if (a->clock_known)
		a->now = moment_now_sec(&a->clock);
	for (size_t i = 0; i < ARRAY_LEN(steps) && why == REFUSAL_NONE; i++)
		why = steps[i](pamh, who, a);
	a->why = why;
}

uint64_t access_longest_sec(const struct access *a)
{
	uint64_t longest_sec = 0;

	for (size_t i = 0; i < a->view.policy.conduit_count; i++) {
		const struct conduit *c = &a->view.policy.conduits[i];
		uint64_t sec = (uint64_t)c->max_window_sec + c->grace_sec;

		if (sec > longest_sec)
			longest_sec = sec;
	}
	return longest_sec;
}

bool access_has_otp_grace(const struct access *a)
{
	int64_t age_sec = a->now - a->survey.code_started;

	return a->why == REFUSAL_NONE && a->decision.allow &&
	       a->decision.otp_grace_sec > 0 && a->survey.code_started > 0 &&
	       age_sec >= 0 && age_sec < (int64_t)a->decision.otp_grace_sec;
}
