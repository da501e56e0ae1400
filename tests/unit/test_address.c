/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses, networks and protocol sets: one form for each, and nothing that
 * looks nearly like one.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "policy/policy.h"

static void addresses_have_one_form(void **state)
{
	static const struct {
		const char *in, *out; /* out NULL: refused */
	} rows[] = {
		{"10.20.0.10", "10.20.0.10"},
		{"fd00:20:0::0010", "fd00:20::10"},
		{"::ffff:10.20.0.10", "10.20.0.10"},
		{"::ffff:0a14:000a", "10.20.0.10"},
		{"10.20.0", NULL},
		{"010.20.0.1", NULL},
		{"10.20.0.256", NULL},
		{"fe80::1%eth0", NULL},
		{"[fd00::1]", NULL},
		{" 10.20.0.1", NULL},
		{"10.20.0.1/32", NULL},
		{"", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct address a = {0};
		char text[ADDRESS_TEXT_SIZE];
		int r = address_parse(rows[i].in, &a);

		assert_int_equal(r == 0, rows[i].out != NULL);
		if (r == 0)
			assert_string_equal(
				address_format(&a, text, sizeof(text)),
				rows[i].out);
		else
			assert_int_equal(a.family, 0);
	}
}

static void networks_hold_what_they_say(void **state)
{
	static const struct {
		const char *network, *address;
		int has; /* -1: no network */
	} rows[] = {
		{"10.20.0.0/24", "10.20.0.255", 1},
		{"10.20.0.0/24", "10.20.1.0", 0},
		{"10.20.0.0/23", "10.20.1.0", 1},
		{"10.20.0.0/24", "::ffff:10.20.0.1", 1},
		{"10.20.0.4/30", "10.20.0.7", 1},
		{"10.20.0.4/30", "10.20.0.8", 0},
		{"10.20.0.10", "10.20.0.10", 1},
		{"10.20.0.10", "10.20.0.11", 0},
		{"0.0.0.0/0", "203.0.113.9", 1},
		{"0.0.0.0/0", "fd00::1", 0},
		{"::/0", "203.0.113.9", 0},
		{"fd00:20::/64", "fd00:20::ffff", 1},
		{"fd00:20::/64", "fd00:20:0:1::", 0},
		{"fd00:20::5", "fd00:20::5", 1},
		{"fd00:20::4/127", "fd00:20::6", 0},
		{"10.20.0.1/24", "10.20.0.1", -1},
		{"10.20.0.0/33", "10.20.0.1", -1},
		{"10.20.0.0/024", "10.20.0.1", -1},
		{"10.20.0.0/", "10.20.0.1", -1},
		{"10.20.0.0/+8", "10.20.0.1", -1},
		{"10.20.0.0/24 ", "10.20.0.1", -1},
		{"fd00::/129", "fd00::1", -1},
		{"::ffff:10.0.0.0/24", "10.0.0.1", -1},
		{"/24", "10.0.0.1", -1},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct network n;
		struct address a;
		int r = network_parse(rows[i].network, &n);

		assert_int_equal(address_parse(rows[i].address, &a), 0);
		assert_int_equal(r, rows[i].has < 0 ? -EINVAL : 0);
		if (r == 0)
			assert_int_equal(network_has(&n, &a), rows[i].has);
	}
}

static void no_family_is_in_nothing(void **state)
{
	struct network all = {0};
	struct address none = {0};
	char text[ADDRESS_TEXT_SIZE];

	assert_false(network_has(&all, &none));
	assert_false(address_equal(&none, &none));
	assert_string_equal(address_format(&none, text, sizeof(text)), "");
	all.address.family = AF_INET;
	all.prefix = 33;
	none.family = AF_INET;
	assert_false(network_has(&all, &none));
}

static void sockets_speak_the_same_form(void **state)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr un = {.sa_family = AF_UNIX};
	struct address a, b, c;

	inet_pton(AF_INET6, "::ffff:192.0.2.1", &in6.sin6_addr);
	inet_pton(AF_INET, "192.0.2.1", &in.sin_addr);
	assert_int_equal(address_from_sockaddr((void *)&in6, &a), 0);
	assert_int_equal(address_from_sockaddr((void *)&in, &b), 0);
	assert_true(address_equal(&a, &b));
	assert_int_equal(address_from_sockaddr(&un, &c), -EAFNOSUPPORT);
}

static void protocol_sets_are_strict(void **state)
{
	const struct proto_set all = {.named = ~0u};
	struct proto_set set = {.named = 99};
	char text[PROTO_SET_TEXT_SIZE], small[6];

	assert_int_equal(proto_set_parse("ssh sftp", &set), 0);
	assert_int_equal(set.named, (1u << PROTO_SSH) | (1u << PROTO_SFTP));
	assert_int_equal(proto_set_parse("  https\trdp ", &set), 0);
	assert_string_equal(
		proto_set_format(&set, text, sizeof(text)), "rdp https");
	assert_string_equal(
		proto_set_format(&set, small, sizeof(small)), "rdp");
	assert_string_equal(proto_set_format(&all, text, sizeof(text)),
		"ssh sftp rdp vnc http https telnet");
	assert_string_equal(
		proto_all(text), "ssh sftp rdp vnc http https telnet tcp/PORT");
	assert_int_equal(proto_set_parse("ssh ssh", &set), -EINVAL);
	assert_int_equal(proto_set_parse("", &set), -EINVAL);
	assert_int_equal(proto_set_parse("ssh, sftp", &set), -EINVAL);
	assert_int_equal(proto_set_parse("none", &set), -EINVAL);
	assert_int_equal(
		proto_set_parse("sshsshsshsshsshsshssh", &set), -EINVAL);
	assert_string_equal(proto_name((enum proto) - 1), "none");
	assert_string_equal(proto_name(PROTO_COUNT), "none");
	assert_int_equal(proto_default_port(PROTO_COUNT), 0);
	assert_false(proto_set_has(&all, PROTO_NONE, 0));
	assert_false(proto_set_has(&all, PROTO_TCP, 0));
	assert_false(proto_set_has(&all, PROTO_COUNT, 0));
}

static void ports_are_words_of_a_set(void **state)
{
	static const char *const wrong[] = {"tcp", "tcp/", "tcp/0", "tcp/*",
		"tcp/65536", "tcp/0502", "tcp/+502", "tcp/502x", "tcp/502/tcp",
		"TCP/502", "udp/502", "tcp/502 tcp/502"};
	struct proto_set set, other = {.any_port = true};
	char text[PROTO_SET_TEXT_SIZE], word[PROTO_TEXT_SIZE];
	struct offer at = {0};

	assert_int_equal(
		proto_set_parse("tcp/4840 ssh tcp/502 tcp/65535", &set), 0);
	assert_string_equal(proto_set_format(&set, text, sizeof(text)),
		"ssh tcp/502 tcp/4840 tcp/65535");
	assert_true(proto_set_has(&set, PROTO_TCP, 502));
	assert_false(proto_set_has(&set, PROTO_TCP, 503));
	assert_false(proto_set_has(&set, PROTO_TCP, 22));
	assert_true(proto_set_has(&set, PROTO_SSH, 502));
	assert_true(proto_set_next(&set, &at) && at.proto == PROTO_SSH);
	assert_true(proto_set_next(&set, &at) && at.port == 502);
	assert_string_equal(proto_text(at.proto, at.port, word), "tcp/502");
	assert_true(proto_set_meets(&set, &other));
	assert_true(proto_set_meets(&other, &set));
	assert_string_equal(
		proto_set_format(&other, text, sizeof(text)), "tcp/*");
	assert_int_equal(proto_set_parse("ssh tcp/503", &other), 0);
	assert_true(proto_set_meets(&set, &other)); /* by ssh */
	assert_int_equal(proto_set_parse("rdp tcp/503", &other), 0);
	assert_false(proto_set_meets(&set, &other));
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(proto_set_parse(wrong[i], &set), -EINVAL);
}

static void a_set_holds_so_many_ports(void **state)
{
	struct proto_set set = {0};
	char text[PROTO_SET_TEXT_SIZE];
	struct offer at = {0};
	size_t count = 0;

	for (unsigned i = 0; i < PROTO_PORTS_MAX; i++)
		assert_int_equal(proto_set_add(&set, PROTO_TCP,
					 (uint16_t)(65535 - 7 * i)),
			0);
	assert_int_equal(proto_set_add(&set, PROTO_TCP, 1), -ENOSPC);
	assert_int_equal(proto_set_add(&set, PROTO_TCP, 65535), -EEXIST);
	assert_int_equal(proto_set_add(&set, PROTO_TCP, 0), -EINVAL);
	for (unsigned p = 1; p < PROTO_TCP; p++)
		assert_int_equal(proto_set_add(&set, (enum proto)p, 0), 0);
	set.any_port = true;
	/* All of it fits, and is read back. */
	assert_true(strstr(
		proto_set_format(&set, text, sizeof(text)), "tcp/65535 tcp/*"));
	for (uint16_t last = 0; proto_set_next(&set, &at); count++) {
		assert_true(at.port == 0 || at.port > last);
		last = at.port;
	}
	assert_int_equal(count, PROTO_WORDS_MAX);
}

static void a_target_says_its_ports(void **state)
{
	struct target t = {
		.port = {[PROTO_HTTPS] = {443, 8443}, [PROTO_SSH] = {2222}}};
	struct offer list[TARGET_OFFERS_MAX];

	assert_int_equal(
		proto_set_parse("ssh sftp https rdp tcp/502", &t.protocols), 0);
	assert_int_equal(target_offers(&t, list), 6);
	assert_true(list[0].proto == PROTO_SSH && list[0].port == 2222);
	assert_true(list[1].proto == PROTO_SFTP && list[1].port == 2222);
	assert_true(list[2].proto == PROTO_RDP && list[2].port == 3389);
	assert_true(list[3].proto == PROTO_HTTPS && list[3].port == 443);
	assert_true(list[4].proto == PROTO_HTTPS && list[4].port == 8443);
	assert_true(list[5].proto == PROTO_TCP && list[5].port == 502);
	assert_int_equal(target_port(&t, PROTO_HTTPS, 0), 443);
	assert_int_equal(target_port(&t, PROTO_HTTPS, 8443), 8443);
	assert_int_equal(target_port(&t, PROTO_HTTPS, 8444), 0);
	assert_int_equal(target_port(&t, PROTO_SFTP, 0), 2222);
	assert_int_equal(target_port(&t, PROTO_VNC, 0), 0);
	assert_int_equal(target_port(&t, PROTO_TCP, 502), 502);
	assert_int_equal(target_port(&t, PROTO_TCP, 0), 0);
	assert_int_equal(target_port(&t, PROTO_TCP, 443), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_have_one_form),
		cmocka_unit_test(networks_hold_what_they_say),
		cmocka_unit_test(no_family_is_in_nothing),
		cmocka_unit_test(sockets_speak_the_same_form),
		cmocka_unit_test(protocol_sets_are_strict),
		cmocka_unit_test(ports_are_words_of_a_set),
		cmocka_unit_test(a_set_holds_so_many_ports),
		cmocka_unit_test(a_target_says_its_ports),
	};

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
