/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/filter/choose.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "grants/rights.h"

/*
 * From the local passwd file alone: this runs before most name services, and
 * no other source may say who the relay is. 0: there is no such user.
 */
static uint32_t relay_uid(void)
{
	_cleanup_fclose_ FILE *f = fopen("/etc/passwd", "re");

	for (const struct passwd *pw; f && (pw = fgetpwent(f));) {
		if (strcmp(pw->pw_name, PLAN_RELAY_USER) == 0)
			return pw->pw_uid;
	}
	fprintf(stderr, "jump-filter: there is no user " PLAN_RELAY_USER
			": nobody may open\n");
	return 0;
}

static void print_errors(const struct policy_errors *errors)
{
	for (size_t i = 0; i < errors->count && i < POLICY_ERRORS_MAX; i++)
		fprintf(stderr, "%s:%u: %s\n", errors->error[i].origin.file,
			errors->error[i].origin.line, errors->error[i].text);
}

static int plan_from(
	const char *dir, uint32_t relay, struct filter_plan *ret_plan)
{
	_cleanup_policy_ struct policy policy = {0};
	_cleanup_free_ struct policy_errors *errors =
		calloc(1, sizeof(*errors));
	int r;

	if (!errors)
		return -ENOMEM;
	r = policy_load(dir, 0, &policy, errors);
	if (r < 0) {
		print_errors(errors);
		return r;
	}
	r = filter_plan_from_policy(&policy, relay, ret_plan);
	if (r < 0)
		fprintf(stderr,
			"jump-filter: %s: a zone's network is wider than /8, "
			"or the relay's uid is a supplier's\n",
			dir);
	return r;
}

/* Everything that is known to be a supplier's. */
static void plan_denying(uint32_t relay, struct filter_plan *ret_plan)
{
	_cleanup_rights_ struct rights *rights = NULL;
	struct filter_plan plan = {
		.relay_uid = relay, .relay_port = PLAN_RELAY_PORT};

	(void)filter_plan_range(
		&plan, POLICY_DEFAULT_UID_MIN, POLICY_DEFAULT_UID_MAX);
	if (rights_open(RIGHTS_DB, 0, &rights) == 0) {
		const struct settings *s = &rights_info(rights)->settings;

		(void)filter_plan_range(&plan, s->uid_min, s->uid_max);
	}
	*ret_plan = plan;
}

enum choice filter_choose(struct filter_plan *ret_plan)
{
	uint32_t relay = relay_uid();
	int r = plan_from(POLICY_DIR, relay, ret_plan);

	if (r == 0)
		return CHOICE_CURRENT;
	fprintf(stderr, "jump-filter: " POLICY_DIR " can't be used: %s\n",
		strerror(-r));
	if (plan_from(CHOOSE_LAST_GOOD, relay, ret_plan) == 0)
		return CHOICE_LAST_GOOD;
	plan_denying(relay, ret_plan);
	return CHOICE_DENY;
}
