/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump-keys as sshd runs it, on rights that the real compiler made: each
 * option, and all the cases in which nothing may be forwarded or printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/moment.h"
#include "base/proc.h"
#include "tests/unit/pamplay.h"
#include "tests/unit/pamroot.h"

#define BLOB                                                                   \
	"AAAAC3NzaC1lZDI1NTE5AAAAIDVJTsD/r7zzQcxpqZ0ub02HvziyzrPiDFe05/2Txb7u"
#define KEY    "ssh-ed25519 " BLOB "\n"
#define CLOSED "restrict,pty " KEY
#define OPEN   play_grant("G1", "acme-tech1", -60, 60, false, NULL)
#define SSH                                                                    \
	"permitopen=\"plc-gw:22\",permitopen=\"10.20.0.10:22\","               \
	"permitopen=\"[fd00:20::10]:22\","
#define RDP                                                                    \
	"permitopen=\"plc-gw:3389\",permitopen=\"10.20.0.10:3389\","           \
	"permitopen=\"[fd00:20::10]:3389\","
#define VNC "permitopen=\"hmi-1:5900\",permitopen=\"10.20.0.11:5900\","
#define WHOLE                                                                  \
	"restrict,pty,port-forwarding," VNC SSH RDP "expiry-time=\"Z\" " KEY

static char output[65536];
static char expiry[32];

static int keys(
	const char *user, const char *uid, const char *type, const char *blob)
{
	char program[4096];
	const char *const argv[] = {program, user, uid, type, blob, NULL};
	const char *const envp[] = {"PATH=/usr/bin", NULL};
	const struct proc_run run = {.argv = argv,
		.envp = envp,
		.timeout_ms = 20000,
		.ret_output = output,
		.output_size = sizeof(output)};

	snprintf(program, sizeof(program), "%s/tests/tools/jump-keys",
		getenv("JUMP_BUILDDIR"));
	return proc_run(&run);
}

/* Runs it for the enrolled user; takes the time out of expiry-time="TIMEZ". */
static void expect_line(const char *line)
{
	static const char option[] = "expiry-time=\"";
	char *at;

	assert_int_equal(
		keys("acme-tech1", "1900000001", "ssh-ed25519", BLOB), 0);
	at = strstr(output, option);
	expiry[0] = '\0';
	if (at) {
		at += sizeof(option) - 1;
		snprintf(expiry, sizeof(expiry), "%.14s", at);
		memmove(at, at + 14, strlen(at + 14) + 1);
	}
	assert_string_equal(output, line);
}

static void what_is_open_is_listed(void **state)
{
	char text[64];
	int64_t until = 0, now = moment_wall_ms() / 1000;

	(void)state;
	play_world(NULL, OPEN);
	expect_line(WHOLE);
	assert_int_equal(strlen(expiry), 14);
	snprintf(text, sizeof(text), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", expiry,
		expiry + 4, expiry + 6, expiry + 8, expiry + 10, expiry + 12);
	assert_int_equal(moment_parse(text, &until), 0);
	assert_in_range(until - now, 3600, 3660);
}

static const char *grant_of(const char *protocols)
{
	static const char usual[] = "\"ssh\",\"rdp\",\"vnc\"";
	static char text[1024];
	const char *all = OPEN, *at = strstr(all, usual);

	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - all), all,
		protocols, at + sizeof(usual) - 1);
	return text;
}

/* Each port of a web protocol, and of tcp/PORT those that are granted. */
static void ports_are_listed_one_by_one(void **state)
{
	(void)state;
	play_world(NULL, grant_of("\"https\",\"tcp/502\",\"tcp/503\""));
	expect_line("restrict,pty,port-forwarding,"
		    "permitopen=\"hmi-1:443\",permitopen=\"10.20.0.11:443\","
		    "permitopen=\"hmi-1:8443\","
		    "permitopen=\"10.20.0.11:8443\","
		    "permitopen=\"plc-gw:502\",permitopen=\"10.20.0.10:502\","
		    "permitopen=\"[fd00:20::10]:502\","
		    "expiry-time=\"Z\" " KEY);
	play_world("MaxWindow = 8h\nApprovals = 1\nRecord = required\n",
		grant_of("\"tcp/502\""));
	expect_line("restrict,pty,expiry-time=\"Z\" " KEY);
}

/* sshd does not say where the client is: PAM and relay look at sources. */
static void sources_are_left_to_others(void **state)
{
	(void)state;
	play_world(NULL, play_grant("G1", "acme-tech1", -60, 60, false,
				 "\"198.51.100.0/24\""));
	expect_line(WHOLE);
}

/* ssh stays listed, so that the relay can say what to type instead. */
static void what_must_be_recorded_is_not_tunnelled(void **state)
{
	(void)state;
	play_world("MaxWindow = 8h\nApprovals = 1\nRecord = required\n", OPEN);
	expect_line(
		"restrict,pty,port-forwarding," SSH "expiry-time=\"Z\" " KEY);
}

static void nothing_open_nothing_forwarded(void **state)
{
	(void)state;
	play_world(NULL, NULL);
	expect_line(CLOSED);
	play_world(NULL, play_grant("G1", "acme-tech1", 10, 60, false, NULL));
	expect_line(CLOSED);
	play_world(NULL, play_grant("G1", "acme-tech1", -60, 60, true, NULL));
	expect_line(CLOSED);
	play_world("MaxWindow = 1h\nApprovals = 1\n", OPEN);
	expect_line(CLOSED);
}

static void in_doubt_nothing_is_forwarded(void **state)
{
	(void)state;
	play_world(NULL, OPEN);
	pamroot_clock(0, 0);
	expect_line(CLOSED);
	pamroot_clock(1, 60000);
	expect_line(CLOSED);
	pamroot_remove("run/jump/clock");
	expect_line(CLOSED);
	play_life_sec = -1;
	play_world(NULL, OPEN);
	play_life_sec = 86400;
	expect_line(CLOSED);
}

static void expect_nothing(int status)
{
	assert_string_equal(output, "");
	assert_int_equal(status, 0);
}

static void no_key_for_others(void **state)
{
	(void)state;
	play_world(NULL, OPEN);
	expect_nothing(keys("acme-tech1", "1900000001", "ssh-ed25519",
		"AAAAC3NzaC1lZDI1NTE5AAAAIHJoYAtDCNBpxgGyIMoHz0oQTnCRxkMaqYYtY"
		"pDTTLvb"));
	expect_nothing(keys("acme-tech1", "1900000002", "ssh-ed25519", BLOB));
	expect_nothing(keys("acme-tech1", "1900000001", "ssh-rsa", BLOB));
	expect_nothing(keys("acme-none", "1900000001", "ssh-ed25519", BLOB));
	expect_nothing(keys("root", "1", "ssh-ed25519", BLOB));
	pamroot_write("etc/passwd", "acme-tech1:x:7:7::/:/bin/sh\n", 0644);
	expect_nothing(keys("acme-tech1", "1900000001", "ssh-ed25519", BLOB));
}

/* A disabled user is told so by PAM, after both factors. */
static void a_disabled_user_has_pams_door(void **state)
{
	(void)state;
	play_world(NULL, OPEN);
	assert_int_equal(
		keys("acme-off", "1900000002", "ssh-ed25519", BLOB), 0);
	assert_string_equal(output, CLOSED);
}

static void what_makes_no_sense_fails(void **state)
{
	(void)state;
	play_world(NULL, OPEN);
	assert_int_equal(keys("Acme", "1900000001", "ssh-ed25519", BLOB), 1);
	assert_int_equal(keys("acme-tech1", "x", "ssh-ed25519", BLOB), 1);
	assert_int_equal(keys("acme-tech1", "0", "ssh-ed25519", BLOB), 1);
	assert_int_equal(
		keys("acme-tech1", "1900000001", "ssh-ed25519 x", BLOB), 1);
	assert_int_equal(keys("acme-tech1", "1900000001", "", BLOB), 1);
	assert_int_equal(
		keys("acme-tech1", "1900000001", "ssh-ed25519", NULL), 1);
	assert_string_equal(output, "");
	pamroot_remove("run/jump/db");
	assert_int_equal(
		keys("acme-tech1", "1900000001", "ssh-ed25519", BLOB), 1);
	assert_string_equal(output, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_open_is_listed),
		cmocka_unit_test(ports_are_listed_one_by_one),
		cmocka_unit_test(sources_are_left_to_others),
		cmocka_unit_test(what_must_be_recorded_is_not_tunnelled),
		cmocka_unit_test(nothing_open_nothing_forwarded),
		cmocka_unit_test(in_doubt_nothing_is_forwarded),
		cmocka_unit_test(no_key_for_others),
		cmocka_unit_test(a_disabled_user_has_pams_door),
		cmocka_unit_test(what_makes_no_sense_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
