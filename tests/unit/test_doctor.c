/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jumpctl's looks outwards: what counts as closed, and what is taken from a
 * machine that nobody vouches for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "jumpctl/filecheck.h"
#include "jumpctl/namecheck.h"
#include "jumpctl/routes.h"
#include "jumpctl/target.h"

#define ED                                                                     \
	"ssh-ed25519 "                                                         \
	"AAAAC3NzaC1lZDI1NTE5AAAAIGvu5xJPs5YvEy4SBjJplBHbwNlDrUNr2dyF4czi1Ot+"

static size_t take(const char *text, struct scanned_key *keys)
{
	char output[4096];

	snprintf(output, sizeof(output), "%s", text);
	return scan_take_keys(output, keys, SCAN_KEYS_MAX);
}

static void whole_keys_are_taken(void **state)
{
	struct scanned_key keys[SCAN_KEYS_MAX];

	assert_int_equal(take("# 10.0.0.1:22 SSH-2.0-x\n10.0.0.1 " ED "\n"
			      "[10.0.0.1]:2222 ssh-rsa AAAA==\n",
				 keys),
		2);
	assert_string_equal(keys[0].line, ED);
	assert_string_equal(keys[1].line, "ssh-rsa AAAA==");
}

static void everything_else_is_left_out(void **state)
{
	static const char *const none[] = {"", "\n", "10.0.0.1\n",
		"10.0.0.1 " ED, /* cut short */
		"10.0.0.1 ssh-dss AAAA\n", "10.0.0.1 ssh-rsa\n",
		"10.0.0.1 ssh-rsa \n", "10.0.0.1 ssh-rsa AA AA\n",
		"10.0.0.1 ssh-rsa AAAA===\n", "10.0.0.1 ssh-rsa AA=A\n",
		"10.0.0.1 ssh-rsa \033[2JAAAA\n", "10.0.0.1 ssh-rsa AAAA\r\n",
		"10.0.0.1 ssh-rsa AAAA\"; rm\n", "# " ED "\n"};
	struct scanned_key keys[SCAN_KEYS_MAX];

	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		assert_int_equal(take(none[i], keys), 0);
}

static void no_more_keys_than_there_is_room_for(void **state)
{
	struct scanned_key keys[SCAN_KEYS_MAX];
	char output[4096] = "", longest[POLICY_HOSTKEY_SIZE + 64];

	for (int i = 0; i < SCAN_KEYS_MAX + 3; i++)
		memcpy(output + 15 * i, "h ssh-rsa AAAA\n", 16);
	assert_int_equal(take(output, keys), SCAN_KEYS_MAX);
	memset(longest, 'A', sizeof(longest));
	memcpy(longest, "h ssh-rsa ", 10);
	longest[sizeof(longest) - 2] = '\n';
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(take(longest, keys), 0);
}

/* Whatever a machine at the other end may do is no proof. */
static void only_a_known_closer_counts(void **state)
{
	for (int met = 0; met < MET_COUNT; met++) {
		enum closer counted = route_judge(WAY_TCP, (enum met)met, true);
		enum closer not = route_judge(WAY_TCP, (enum met)met, false);

		if (met == MET_OPEN || met == MET_UNKNOWN)
			assert_int_equal(counted, CLOSER_NONE);
		else
			assert_int_equal(counted, CLOSER_FILTER);
		assert_int_equal(not,
			met == MET_NO_ROUTE ? CLOSER_NO_ROUTE : CLOSER_NONE);
	}
	assert_int_equal(route_judge(WAY_SOCKET, MET_PERMISSION, false),
		CLOSER_PERMISSION);
	assert_int_equal(route_judge(WAY_EXEC, MET_PERMISSION, false),
		CLOSER_PERMISSION);
	assert_int_equal(
		route_judge(WAY_SOCKET, MET_REFUSED, false), CLOSER_NONE);
	assert_int_equal(route_judge(WAY_EXEC, MET_OPEN, true), CLOSER_NONE);
}

static void every_class_and_family_is_tried(void **state)
{
	static const char *const who[] = {"supplier", "nobody", "service"};
	struct zone zone = {.name = "cell-a", .network_count = 2};
	const struct policy policy = {
		.settings = {.uid_max = 1909999999, .relay_port = 722},
		.zone_count = 1,
		.zones = &zone};
	_cleanup_routes_ struct routes routes = {0};

	assert_int_equal(network_parse("10.1.0.0/24", &zone.networks[0]), 0);
	assert_int_equal(network_parse("fd01::/64", &zone.networks[1]), 0);
	assert_int_equal(routes_list(&policy, &routes), 0);
	for (size_t w = 0; w < ARRAY_LEN(who); w++) {
		int seen[WAY_EXEC + 1][2] = {0};

		for (size_t i = 0; i < routes.count; i++) {
			const struct route *r = &routes.list[i];

			assert_int_not_equal(r->probe.uid, 0);
			assert_false(route_closed(r));
			if (strcmp(r->who, who[w]) == 0 &&
				strcmp(r->where, "zone cell-a") == 0)
				seen[r->probe.way]
				    [r->probe.address.family == AF_INET6]++;
		}
		for (int six = 0; six < 2; six++)
			assert_true(seen[WAY_TCP][six] == 1 &&
				    seen[WAY_UDP][six] == 1 &&
				    seen[WAY_ICMP][six] == 1);
	}
}

static void root_is_no_class(void **state)
{
	const struct probe p = {.way = WAY_EXEC, .path = "/bin/sh"};

	assert_int_equal(probe_try(&p), MET_UNKNOWN);
}

static void files_are_tried_as_the_uid(void **state)
{
	struct probe p = {.uid = 65534, .way = WAY_EXEC, .path = "/bin/sh"};

	if (geteuid() != 0)
		skip();
	assert_int_equal(probe_try(&p), MET_OPEN);
	p.path = "/etc/shadow";
	assert_int_equal(probe_try(&p), MET_PERMISSION);
	p = (struct probe){
		.uid = 65534, .way = WAY_SOCKET, .path = "/nonexistent"};
	assert_int_equal(probe_try(&p), MET_PERMISSION);
}

static size_t switch_faults(const char *text)
{
	struct name_faults f = {0};

	namecheck_switch(text, &f);
	return f.count;
}

static void names_are_asked_for_in_their_place(void **state)
{
	assert_int_equal(switch_faults("# passwd: none\n"
				       " passwd : files jump systemd\n"
				       "group:\tfiles jump # and no more\n"
				       "hosts: files jump dns\n"
				       "passwd_compat: nis\n"),
		0);
	assert_int_equal(switch_faults(""), 3);
	assert_int_equal(switch_faults("passwd: files\ngroup: jumps files\n"
				       "hosts: files #jump\n"),
		3);
	/* ours before the host's own, or after what may say it is nobody */
	assert_int_equal(switch_faults("passwd: jump files\n"
				       "group: files jump\n"
				       "hosts: files dns jump"),
		2);
}

static size_t cache_faults(const char *text)
{
	struct name_faults f = {0};

	namecheck_cache(text, &f);
	return f.count;
}

static void a_cache_of_hosts_is_found(void **state)
{
	assert_int_equal(cache_faults("\tenable-cache\thosts\tyes\n"), 1);
	assert_int_equal(cache_faults("enable-cache hosts no\n"
				      "enable-cache hosts yes"),
		1);
	assert_int_equal(cache_faults("enable-cache passwd yes\n"
				      "# enable-cache hosts yes\n"
				      "enable-cache hosts no\n"),
		0);
	assert_int_equal(cache_faults(""), 0);
}

/* What jump-check would not run is told before it has to. */
static void a_missing_checker_is_told(void **state)
{
	struct conduit c = {.name = "vendors",
		.origin = {.file = "policy.d/x.conf", .line = 3}};
	char text[FILECHECK_FAULT_SIZE];

	(void)state;
	assert_false(filecheck_fault(&c, 0, text));
	snprintf(c.file_check, sizeof(c.file_check), "/bin/true -x");
	assert_false(filecheck_fault(&c, 0, text));
	snprintf(c.file_check, sizeof(c.file_check), "/nowhere/scanner -");
	assert_true(filecheck_fault(&c, 0, text));
	assert_string_equal(text,
		"policy.d/x.conf:3: [conduit vendors] FileCheck: "
		"/nowhere/scanner: No such file or directory; until it is, "
		"nothing can be uploaded");
	snprintf(c.file_check, sizeof(c.file_check), "/bin");
	assert_true(filecheck_fault(&c, 0, text));
	snprintf(c.file_check, sizeof(c.file_check), "/etc/passwd");
	assert_true(filecheck_fault(&c, 0, text));
	snprintf(c.file_check, sizeof(c.file_check), "/bin/true");
	assert_true(filecheck_fault(&c, 12345, text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_asked_for_in_their_place),
		cmocka_unit_test(a_cache_of_hosts_is_found),
		cmocka_unit_test(whole_keys_are_taken),
		cmocka_unit_test(everything_else_is_left_out),
		cmocka_unit_test(no_more_keys_than_there_is_room_for),
		cmocka_unit_test(only_a_known_closer_counts),
		cmocka_unit_test(every_class_and_family_is_tried),
		cmocka_unit_test(root_is_no_class),
		cmocka_unit_test(a_missing_checker_is_told),
		cmocka_unit_test(files_are_tried_as_the_uid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
