/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The packet filter's text: golden files, what may not get into a plan.
 * What the kernel makes of the text is
 * seen in the lab (tests/lab/test_relay_filter.py).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "workers/filter/forwarding.h"
#include "workers/filter/plan.h"
#include "workers/filter/text.h"
#include "tests/unit/scratch.h"

static void add(struct filter_plan *plan, const char *text)
{
	struct network n;

	assert_int_equal(network_parse(text, &n), 0);
	assert_int_equal(filter_plan_network(plan, &n), 0);
}

/* JUMP_GOLDEN=write makes the file anew, to be read before it is believed. */
static void assert_golden(const char *name, const char *text)
{
	const char *root = getenv("JUMP_SRCDIR");
	_cleanup_fclose_ FILE *f = NULL;
	static char wanted[1 << 16];
	char path[4096];
	size_t len;

	snprintf(path, sizeof(path), "%s/tests/unit/golden/%s",
		root ? root : ".", name);
	if (getenv("JUMP_GOLDEN")) {
		f = fopen(path, "we");
		assert_non_null(f);
		assert_true(fputs(text, f) >= 0);
		return;
	}
	f = fopen(path, "re");
	assert_non_null(f);
	len = fread(wanted, 1, sizeof(wanted) - 1, f);
	wanted[len] = '\0';
	assert_string_equal(text, wanted);
}

static void test_open(void **state)
{
	_cleanup_plan_ struct filter_plan plan = {
		.open = true, .relay_uid = 997, .relay_port = 722};
	_cleanup_free_ char *text = NULL;
	size_t len;

	assert_int_equal(filter_plan_range(&plan, 1900000000, 1909999999), 0);
	add(&plan, "10.20.0.0/24");
	add(&plan, "fd00:20::/64");
	add(&plan, "10.21.0.0/16");
	assert_int_equal(filter_text(&plan, FILTER_UPDATE, &text, &len), 0);
	assert_int_equal(len, strlen(text));
	assert_golden("filter-open.nft", text);
}

static void test_deny(void **state)
{
	_cleanup_plan_ struct filter_plan plan = {.relay_port = 722};
	_cleanup_free_ char *text = NULL;
	size_t len;

	assert_int_equal(filter_plan_range(&plan, 1900000000, 1909999999), 0);
	assert_int_equal(filter_plan_range(&plan, 5000, 5999), 0);
	add(&plan, "10.20.0.0/24");
	assert_int_equal(filter_text(&plan, FILTER_REPLACE, &text, &len), 0);
	assert_null(strstr(text, "redirect"));
	assert_null(strstr(text, "mark set"));
	assert_golden("filter-deny.nft", text);
}

/* A plan that nobody filled in has nothing that lets a packet be turned. */
static void test_zero_denies(void **state)
{
	const struct filter_plan plan = {0};
	_cleanup_free_ char *text = NULL;
	size_t len;

	assert_int_equal(filter_text(&plan, FILTER_UPDATE, &text, &len), 0);
	assert_null(strstr(text, "redirect"));
	assert_null(strstr(text, "mark set"));
}

static void test_ranges(void **state)
{
	struct filter_plan plan = {0};

	assert_int_equal(filter_plan_range(&plan, 0, 10), -EINVAL);
	assert_int_equal(filter_plan_range(&plan, 10, 9), -EINVAL);
	assert_int_equal(filter_plan_range(&plan, 1, UINT32_MAX), -EINVAL);
	assert_int_equal(filter_plan_range(&plan, 100, 200), 0);
	assert_int_equal(filter_plan_range(&plan, 150, 160), 0);
	assert_int_equal(plan.range_count, 1);
	assert_int_equal(filter_plan_range(&plan, 150, 260), 0);
	assert_int_equal(filter_plan_range(&plan, 300, 301), 0);
	assert_int_equal(filter_plan_range(&plan, 400, 401), -E2BIG);
}

static void test_networks(void **state)
{
	static const char *const no[] = {"0.0.0.0/0", "0.0.0.0/8",
		"128.0.0.0/1", "127.0.0.0/8", "127.0.0.1", "224.0.0.0/4",
		"255.255.255.255", "::/0", "::1", "fe80::/10", "ff00::/8",
		"8000::/1"};
	_cleanup_plan_ struct filter_plan plan = {0};

	for (size_t i = 0; i < ARRAY_LEN(no); i++) {
		struct network n;

		assert_int_equal(network_parse(no[i], &n), 0);
		assert_int_equal(filter_plan_network(&plan, &n), -EINVAL);
	}
	add(&plan, "10.1.2.0/24");
	add(&plan, "10.1.3.0/24");
	add(&plan, "fd00::/16");
	add(&plan, "10.1.2.4"); /* covered */
	assert_int_equal(plan.network_count, 3);
	add(&plan, "10.1.0.0/16"); /* covers two */
	assert_int_equal(plan.network_count, 2);
	add(&plan, "10.1.0.0/16");
	assert_int_equal(plan.network_count, 2);
	assert_int_equal(plan.networks[0].address.family, AF_INET6);
	assert_int_equal(plan.networks[1].prefix, 16);
}

static void test_from_policy(void **state)
{
	struct zone zones[2] = {{.name = "a", .network_count = 1},
		{.name = "b", .network_count = 1}};
	struct policy policy = {
		.settings = {.uid_min = 1000, .uid_max = 2000},
		.zone_count = 2,
		.zones = zones,
	};
	_cleanup_plan_ struct filter_plan plan = {0};
	_cleanup_plan_ struct filter_plan none = {0};

	assert_int_equal(
		network_parse("10.1.0.0/24", &zones[0].networks[0]), 0);
	assert_int_equal(network_parse("fd01::/64", &zones[1].networks[0]), 0);
	assert_int_equal(filter_plan_from_policy(&policy, 997, &plan), 0);
	assert_true(plan.open);
	assert_int_equal(plan.network_count, 2);
	assert_int_equal(plan.relay_port, 722);
	assert_int_equal(plan.relay_uid, 997);
	assert_int_equal(
		filter_plan_from_policy(&policy, 1500, &none), -EINVAL);
	policy.settings.uid_min = 0;
	assert_int_equal(filter_plan_from_policy(&policy, 997, &none), -EINVAL);
	assert_false(none.open);
}

static void put(const char *folder, const char *path, const char *text)
{
	_cleanup_fclose_ FILE *f = NULL;
	char full[512];

	snprintf(full, sizeof(full), "%s/%s", folder, path);
	for (char *s = full + strlen(folder); (s = strchr(s + 1, '/'));) {
		*s = '\0';
		(void)mkdir(full, 0700);
		*s = '/';
	}
	f = fopen(full, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
}

static void test_forwarding(void **state)
{
	char root[64], first[256];

	assert_int_equal(scratch_make(root, sizeof(root)), 0);
	put(root, "ipv4/conf/all/forwarding", "0\n");
	put(root, "ipv4/conf/eth0/forwarding", "0\n");
	put(root, "ipv6/conf/all/forwarding", "0\n");
	assert_int_equal(forwarding_count(root, first, sizeof(first)), 0);
	put(root, "ipv6/conf/eth0/forwarding", "1\n");
	assert_int_equal(forwarding_count(root, first, sizeof(first)), 1);
	assert_string_equal(first, "ipv6/conf/eth0/forwarding");
	put(root, "ipv4/conf/eth0/forwarding", "1\n");
	assert_int_equal(forwarding_count(root, first, sizeof(first)), 2);
	assert_string_equal(first, "ipv4/conf/eth0/forwarding");
	put(root, "ipv6/conf/eth0/forwarding", "2\n");
	assert_int_equal(forwarding_count(root, first, sizeof(first)), 2);
	assert_int_equal(forwarding_count("/nonexistent", first, sizeof(first)),
		-ENOENT);
	assert_int_equal(scratch_drop(root), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_deny),
		cmocka_unit_test(test_zero_denies),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_from_policy),
		cmocka_unit_test(test_forwarding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
