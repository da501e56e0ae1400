/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is known of this transaction's second factor lives in PAM's own data:
 * one small struct, wiped when the transaction ends.
 */
#include "pam_jump/factor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/moment.h"
#include "pam_jump/access.h"
#include "pam_jump/otp.h"
#include "pam_jump/prompt.h"
#include "pam_jump/report.h"
#include "pam_jump/who.h"

#define DATA_NAME "pam_jump_factor"

struct factor {
	enum refusal why; /* zero: nothing passed */
	bool by_grace;
	bool locked;
	int64_t reply_boot_ms; /* 0: nobody has replied yet */
	char user[NAME_SIZE];
};

static void factor_free(pam_handle_t *pamh, void *data, int status)
{
	(void)pamh;
	(void)status;
	if (data)
		explicit_bzero(data, sizeof(struct factor));
	free(data);
}

static struct factor *factor_find(pam_handle_t *pamh)
{
	const void *data = NULL;

	if (pam_get_data(pamh, DATA_NAME, &data) != PAM_SUCCESS)
		return NULL;
	return (struct factor *)data;
}

static struct factor *factor_get(pam_handle_t *pamh)
{
	struct factor *f = factor_find(pamh);

	if (f)
		return f;
	f = calloc(1, sizeof(*f));
	if (!f)
		return NULL;
	if (pam_set_data(pamh, DATA_NAME, f, factor_free) != PAM_SUCCESS) {
		free(f);
		return NULL;
	}
	return f;
}

enum refusal factor_mark_locked(pam_handle_t *pamh)
{
	struct factor *f = factor_get(pamh);
	_cleanup_access_ struct access a = {0};
	struct who who;

	if (!f)
		return REFUSAL_SYSTEM;
	f->locked = true;
	if (f->reply_boot_ms != 0) {
		(void)who_read(pamh, &who);
		access_judge(pamh, &who, &a);
		(void)report_factor(
			&who, &a, EVENT_AUTH_LOCKED, REFUSAL_LOCKED);
	}
	return REFUSAL_LOCKED;
}

static enum refusal spend(
	uint32_t uid, const struct otp_seed *seed, uint64_t step)
{
	int r = otp_spend(uid, step, seed->period);

	if (r == -EALREADY)
		return REFUSAL_OTP_REPLAY;
	return r < 0 ? REFUSAL_STATE : REFUSAL_NONE;
}

/*
 * The reply against the seed. A code is computed and compared whatever is
 * wrong already; it is spent only where it would let somebody in.
 */
static enum refusal judge_code(const struct factor *f, const struct access *a,
	const struct secret *code)
{
	_cleanup_otp_seed_ struct otp_seed seed = {0};
	int seed_result = otp_seed_read(a->user.uid, &seed);
	/* now, not when the question was asked: typing takes its time */
	int64_t now = a->clock_known ? moment_now_sec(&a->clock) : 0;
	uint64_t step = 0;
	bool fits = otp_fits(&seed, code, now, &step);

	if (f->locked)
		return REFUSAL_LOCKED;
	if (a->user.uid == 0 || seed_result < 0)
		return REFUSAL_NO_SEED;
	if (!a->clock_known)
		return REFUSAL_CLOCK;
	return fits ? spend(a->user.uid, &seed, step) : REFUSAL_OTP_BAD;
}

static enum refusal ask_person(
	pam_handle_t *pamh, struct factor *f, const struct access *a)
{
	_cleanup_secret_ struct secret code = {0};
	int r = prompt_code(pamh, &code);

	f->reply_boot_ms = moment_boot_ms();
	if (r == -EIO)
		return REFUSAL_SYSTEM;
	return judge_code(f, a, &code);
}

/* pam_faillock's mark, where it stands, is reported by factor_mark_locked. */
static void report(const struct who *who, const struct access *a,
	const struct factor *f)
{
	if (f->why != REFUSAL_NONE && f->why != REFUSAL_LOCKED)
		(void)report_factor(who, a, EVENT_AUTH_OTP_FAILED, f->why);
}

enum refusal factor_ask(pam_handle_t *pamh)
{
	struct factor *f = factor_get(pamh);
	_cleanup_access_ struct access a = {0};
	struct who who;
	enum refusal r = who_read(pamh, &who);

	if (!f)
		return REFUSAL_SYSTEM;
	f->why = REFUSAL_UNSPECIFIED;
	f->by_grace = false;
	memcpy(f->user, who.user, sizeof(f->user));
	if (r == REFUSAL_NONE && who_name_session(pamh, &who) < 0)
		r = REFUSAL_SYSTEM;
	if (r == REFUSAL_NONE) {
		access_judge(pamh, &who, &a);
		if (a.why == REFUSAL_NOT_OURS)
			r = a.why;
	}
	if (r != REFUSAL_NONE) {
		f->why = r;
	} else if (!f->locked && access_has_otp_grace(&a)) {
		f->by_grace = true;
		f->why = REFUSAL_NONE;
	} else {
		f->why = ask_person(pamh, f, &a);
	}
	report(&who, &a, f);
	return f->why;
}

enum refusal factor_refuse(pam_handle_t *pamh)
{
	struct factor *f = factor_find(pamh);

	if (!f)
		return REFUSAL_SYSTEM;
	if (f->reply_boot_ms != 0)
		prompt_hold_answer(f->reply_boot_ms);
	return f->why == REFUSAL_NONE ? REFUSAL_UNSPECIFIED : f->why;
}

bool factor_passed(pam_handle_t *pamh, const char *user, bool *ret_by_grace)
{
	const struct factor *f = factor_find(pamh);

	if (!f || f->why != REFUSAL_NONE || f->locked || !user[0] ||
		strcmp(f->user, user) != 0)
		return false;
	*ret_by_grace = f->by_grace;
	return true;
}
