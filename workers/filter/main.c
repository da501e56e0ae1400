/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump-filter: brings the table `inet jumphost` into the kernel, before the
 * network is up, and later says whether it is still there. When the policy
 * can't be read, a table that stands is left alone (it denies what is not
 * granted), and where none stands one is loaded that denies everything.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/proc.h"
#include "grants/rights.h"
#include "workers/filter/forwarding.h"
#include "workers/filter/last.h"
#include "workers/filter/nft.h"
#include "workers/filter/plan.h"
#include "workers/filter/text.h"

enum {
	EXIT_GOOD = 0,
	EXIT_BAD = 1,
	EXIT_FORWARDS = 2, /* check: all well but for IP forwarding */
	EXIT_DENIES = 3,   /* load: no usable policy, and no way open */
	EXIT_CALL = 64,
};

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
	return 0;
}

static bool among_suppliers(const struct filter_plan *plan, uint32_t uid)
{
	for (size_t i = 0; i < plan->range_count; i++) {
		if (plan->ranges[i].min <= uid && uid <= plan->ranges[i].max)
			return true;
	}
	return false;
}

static void print_errors(const struct policy_errors *errors)
{
	for (size_t i = 0; i < errors->count && i < POLICY_ERRORS_MAX; i++)
		fprintf(stderr, "%s:%u: %s\n", errors->error[i].origin.file,
			errors->error[i].origin.line, errors->error[i].text);
}

static int plan_open(struct filter_plan *ret_plan)
{
	_cleanup_policy_ struct policy policy = {0};
	struct policy_errors *errors = calloc(1, sizeof(*errors));
	uint32_t relay = relay_uid();
	int r;

	if (!errors)
		return -ENOMEM;
	r = policy_load(POLICY_DIR, 0, &policy, errors);
	if (r < 0)
		print_errors(errors);
	free(errors);
	if (r < 0)
		return r;
	r = filter_plan_from_policy(&policy, relay, ret_plan);
	if (r < 0)
		fprintf(stderr,
			"jump-filter: a zone's network is wider than /8, or "
			"is loopback, link-local or multicast\n");
	else if (relay == 0)
		fprintf(stderr, "jump-filter: there is no user " PLAN_RELAY_USER
				": nobody may open\n");
	if (r == 0 && among_suppliers(ret_plan, relay)) {
		fprintf(stderr, "jump-filter: the uid of " PLAN_RELAY_USER
				" is within the suppliers' range\n");
		filter_plan_done(ret_plan);
		return -EINVAL;
	}
	return r;
}

/* Everything that any known source calls a supplier or a zone. */
static int plan_denying(struct filter_plan *ret_plan)
{
	_cleanup_rights_ struct rights *rights = NULL;
	struct filter_plan plan = {
		.relay_uid = relay_uid(), .relay_port = PLAN_RELAY_PORT};
	int r = filter_plan_range(
		&plan, POLICY_DEFAULT_UID_MIN, POLICY_DEFAULT_UID_MAX);

	if (r == 0 && rights_open(RIGHTS_DB, 0, &rights) == 0) {
		const struct settings *s = &rights_info(rights)->settings;

		(void)filter_plan_range(&plan, s->uid_min, s->uid_max);
	}
	if (r == 0)
		r = filter_last_add(LAST_FILE, 0, &plan);
	if (r < 0 && r != -ENOENT)
		fprintf(stderr, "jump-filter: %s: %s\n", LAST_FILE,
			strerror(-r));
	*ret_plan = plan;
	return plan.range_count > 0 ? 0 : -EINVAL;
}

static int load_plan(const struct filter_plan *plan, enum filter_way way)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r = filter_text(plan, way, &text, &len);

	return r < 0 ? r : nft_apply(text, len);
}

/* 0: the table is what the plan says; -ESTALE: it is another; -errno. */
static int compare(const struct filter_plan *plan)
{
	_cleanup_free_ char *text = NULL, *live = NULL, *expected = NULL;
	size_t len;
	int r = filter_text(plan, FILTER_UPDATE, &text, &len);

	if (r == 0)
		r = nft_listing(&live);
	if (r == 0)
		r = nft_listing_of(text, len, &expected);
	if (r < 0)
		return r;
	return strcmp(live, expected) == 0 ? 0 : -ESTALE;
}

static int load_denying(int why)
{
	_cleanup_plan_ struct filter_plan plan = {0};
	_cleanup_free_ char *live = NULL;
	int r;

	fprintf(stderr, "jump-filter: no usable policy (%s)\n", strerror(-why));
	if (nft_listing(&live) == 0) {
		fprintf(stderr, "jump-filter: the table that stands, stays\n");
		return EXIT_DENIES;
	}
	r = plan_denying(&plan);
	if (r == 0)
		r = load_plan(&plan, FILTER_REPLACE);
	if (r < 0) {
		fprintf(stderr, "jump-filter: NOT LOADED\n");
		return EXIT_BAD;
	}
	fprintf(stderr, "jump-filter: suppliers and relay reach nothing until "
			"it is mended\n");
	return EXIT_DENIES;
}

/*
 * A table of another version can't be updated in place, or keeps chains that
 * are no more: then anew. -EIO: nft refused; -ESTALE: it reads otherwise.
 */
static int load_open(const struct filter_plan *plan)
{
	int r = load_plan(plan, FILTER_UPDATE);

	if (r == 0)
		r = compare(plan);
	if (r == -EIO || r == -ESTALE) {
		fprintf(stderr, "jump-filter: loading the whole table anew; "
				"open windows return when jump-apply runs\n");
		r = load_plan(plan, FILTER_REPLACE);
		if (r == 0)
			r = compare(plan);
	}
	return r;
}

static int load(void)
{
	_cleanup_plan_ struct filter_plan plan = {0};
	int r = plan_open(&plan);

	if (r < 0)
		return load_denying(r);
	r = load_open(&plan);
	if (r < 0) {
		fprintf(stderr,
			"jump-filter: NOT LOADED, or not seen to be: "
			"%s\n",
			strerror(-r));
		return EXIT_BAD;
	}
	r = filter_last_save(LAST_FILE, &plan);
	if (r < 0)
		fprintf(stderr, "jump-filter: %s: %s\n", LAST_FILE,
			strerror(-r));
	return EXIT_GOOD;
}

static int print(void)
{
	_cleanup_plan_ struct filter_plan plan = {0};
	_cleanup_free_ char *text = NULL;
	size_t len;

	if (plan_open(&plan) < 0 ||
		filter_text(&plan, FILTER_UPDATE, &text, &len) < 0)
		return EXIT_BAD;
	return fwrite(text, 1, len, stdout) == len && fflush(stdout) == 0
		       ? EXIT_GOOD
		       : EXIT_BAD;
}

static int check(void)
{
	_cleanup_plan_ struct filter_plan plan = {0};
	char first[300];
	int r = plan_open(&plan), forwards;

	if (r == 0)
		r = compare(&plan);
	printf("table %s\n", r == 0	    ? "ok"
			     : r == -ENOENT ? "missing"
			     : r == -ESTALE ? "changed"
					    : "unknown");
	forwards = forwarding_count("/proc/sys/net", first, sizeof(first));
	if (forwards == 0)
		printf("forwarding off\n");
	else
		printf("forwarding %s\n", forwards > 0 ? first : "unknown");
	if (r < 0)
		return EXIT_BAD;
	return forwards == 0 ? EXIT_GOOD : EXIT_FORWARDS;
}

int main(int argc, char **argv)
{
	const char *verb = argc == 2 ? argv[1] : "";

	if (proc_harden(0, NULL) < 0)
		return EXIT_BAD;
	if (strcmp(verb, "load") == 0)
		return load();
	if (strcmp(verb, "check") == 0)
		return check();
	if (strcmp(verb, "print") == 0)
		return print();
	fprintf(stderr, "usage: jump-filter load|check|print\n");
	return EXIT_CALL;
}
