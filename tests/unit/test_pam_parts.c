/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of pam_jump, each alone: codes and their state, what sshd says of
 * the caller, the local passwd file, scopes and spans, and the words of
 * refusals.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <liboath/oath.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/moment.h"
#include "pam_jump/fingerprint.h"
#include "pam_jump/local.h"
#include "pam_jump/otp.h"
#include "pam_jump/places.h"
#include "pam_jump/prompt.h"
#include "pam_jump/refusal.h"
#include "pam_jump/scope.h"
#include "pam_jump/who.h"
#include "pam_jump/words.h"
#include "tests/unit/pamroot.h"

#define UID 1900000001u
#define SHA1_HEX "3132333435363738393031323334353637383930"
#define SHA256_HEX SHA1_HEX "313233343536373839303132"

static int root_setup(void **state)
{
	(void)state;
	pamroot_make();
	return 0;
}

static struct secret typed(const char *text)
{
	struct secret code = {0};

	assert_int_equal(secret_set(&code, text, strlen(text)), 0);
	return code;
}

static void seed_put(const char *text)
{
	pamroot_write("run/jump/seeds/1900000001", text, 0600);
}

static bool code_fits(const char *code, int64_t now, uint64_t *ret_step)
{
	_cleanup_otp_seed_ struct otp_seed seed = {0};
	struct secret given = typed(code);

	assert_int_equal(otp_seed_read(UID, &seed), 0);
	return otp_fits(&seed, &given, now, ret_step);
}

/* RFC 6238 appendix B. */
static void codes_of_the_standard(void **state)
{
	static const struct {
		int64_t now;
		const char *sha1, *sha256;
	} rows[] = {
		{59, "94287082", "46119246"},
		{1111111109, "07081804", "68084774"},
		{1111111111, "14050471", "67062674"},
		{1234567890, "89005924", "91819424"},
		{2000000000, "69279037", "90698825"},
		{20000000000, "65353130", "77737706"},
	};
	uint64_t step = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		seed_put("alg=sha1\ndigits=8\nperiod=30\nsecret=" SHA1_HEX
			 "\n");
		assert_true(code_fits(rows[i].sha1, rows[i].now, &step));
		assert_int_equal(step, rows[i].now / 30);
		seed_put("alg=sha256\ndigits=8\nperiod=30\nsecret=" SHA256_HEX
			 "\n");
		assert_true(code_fits(rows[i].sha256, rows[i].now, &step));
		assert_false(code_fits(rows[i].sha1, rows[i].now, &step));
	}
}

static void codes_one_step_off(void **state)
{
	uint64_t step = 0;

	(void)state;
	seed_put("alg=sha1\ndigits=8\nperiod=30\nsecret=" SHA1_HEX "\n");
	/* 94287082 is the code of step 1: seconds 30 to 59 */
	assert_true(code_fits("94287082", 0, &step));
	assert_int_equal(step, 1);
	assert_true(code_fits("94287082", 89, &step));
	assert_int_equal(step, 1);
	assert_false(code_fits("94287082", 90, &step));
	assert_false(code_fits("94287082", -1, &step));
	assert_false(code_fits("9428708", 59, &step));
	assert_false(code_fits("942870820", 59, &step));
	assert_false(code_fits("", 59, &step));
	assert_false(code_fits("94287083", 59, &step));
	assert_false(code_fits("942870820000000000000", 59, &step));
}

static void seeds_of_another_form_refuse(void **state)
{
	static const char *const bad[] = {
		"",
		"alg=sha1\n",
		"alg=sha512\ndigits=6\nperiod=30\nsecret=" SHA1_HEX "\n",
		"alg=sha1\ndigits=7\nperiod=30\nsecret=" SHA1_HEX "\n",
		"alg=sha1\ndigits=6\nperiod=31\nsecret=" SHA1_HEX "\n",
		"alg=sha1\ndigits=6\nperiod=0\nsecret=" SHA1_HEX "\n",
		"alg=sha1\ndigits=6\nperiod=30\nsecret=\n",
		"alg=sha1\ndigits=6\nperiod=30\nsecret=31323334\n",
		"alg=sha1\ndigits=6\nperiod=30\nsecret=" SHA1_HEX "3\n",
		"alg=sha1\ndigits=6\nperiod=30\nsecret=" SHA1_HEX "AB\n",
		"alg=sha1\ndigits=6\nperiod=30\nsecret=" SHA1_HEX "\nmore=1\n",
		"alg=sha1\ndigits=6\nperiod=30\nsecret=" SHA1_HEX,
	};
	struct otp_seed seed;
	struct secret code = typed("755224");
	uint64_t step;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		seed_put(bad[i]);
		assert_int_equal(otp_seed_read(UID, &seed), -EBADMSG);
		assert_false(seed.usable);
		assert_false(otp_fits(&seed, &code, 59, &step));
	}
	pamroot_write("run/jump/seeds/1900000001",
		"alg=sha1\ndigits=6\nperiod=30\nsecret=" SHA1_HEX "\n", 0620);
	assert_int_equal(otp_seed_read(UID, &seed), -EPERM);
	pamroot_remove("run/jump/seeds/1900000001");
	assert_int_equal(otp_seed_read(UID, &seed), -ENOENT);
	assert_false(seed.usable);
}

/* The substitute for a missing seed is known to all: its code must not fit. */
static void no_code_fits_a_missing_seed(void **state)
{
	_cleanup_otp_seed_ struct otp_seed seed = {0};
	struct secret code;
	char text[16];
	uint64_t step;

	(void)state;
	assert_int_equal(otp_seed_read(UID + 1, &seed), -ENOENT);
	assert_int_equal(oath_totp_generate2((const char *)seed.key.bytes,
				 seed.key.len, 59, seed.period, 0, seed.digits,
				 0, text),
		OATH_OK);
	code = typed(text);
	assert_false(otp_fits(&seed, &code, 59, &step));
	seed.usable = true; /* else this test would prove nothing */
	assert_true(otp_fits(&seed, &code, 59, &step));
}

static void a_step_is_spent_once(void **state)
{
	(void)state;
	assert_int_equal(otp_spend(UID, 100, 30), 0);
	assert_int_equal(otp_spend(UID, 100, 30), -EALREADY);
	assert_int_equal(otp_spend(UID, 99, 30), -EALREADY);
	assert_int_equal(otp_spend(UID, 101, 30), 0);
	assert_int_equal(otp_spend(UID + 1, 100, 30), 0);
	pamroot_expect("var/lib/jump/otp/1900000001", "step=101\nperiod=30\n");
	/* another period: it is the time that counts. 102 * 30 = 51 * 60 */
	assert_int_equal(otp_spend(UID, 50, 60), -EALREADY);
	assert_int_equal(otp_spend(UID, 51, 60), 0);
	assert_int_equal(otp_spend(UID, 103, 30), -EALREADY);
	assert_int_equal(otp_spend(UID, 104, 30), 0);
}

static void a_broken_state_refuses(void **state)
{
	static const char *const bad[] = {"", "step=1\n", "step=x\nperiod=30\n",
		"step=1\nperiod=0\n", "step=1\nperiod=30\nmore=1\n",
		"step=99999999999999\nperiod=30\n", "step=1\nperiod=30"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		pamroot_write("var/lib/jump/otp/1900000001", bad[i], 0600);
		assert_int_equal(otp_spend(UID, 1000000, 30), -EBADMSG);
		pamroot_expect("var/lib/jump/otp/1900000001", bad[i]);
	}
	pamroot_remove("var/lib/jump/otp/1900000001");
	assert_int_equal(mkdir(PAM_JUMP_ROOT "/var/lib/jump/otp/1900000001",
				 0700),
		0);
	assert_int_equal(otp_spend(UID, 1000000, 30), -EPERM);
	pamroot_make();
	pamroot_remove("var/lib/jump/otp");
	assert_int_equal(otp_spend(UID, 1000000, 30), -ENOENT);
}

/* Many logins at once, all with the same code: exactly one is let in. */
static void of_logins_at_once_one_wins(void **state)
{
	enum { LOGINS = 8, ROUNDS = 25 };

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		int gate[2], won = 0;
		pid_t pids[LOGINS];

		assert_int_equal(pipe(gate), 0);
		for (int i = 0; i < LOGINS; i++) {
			pids[i] = fork();
			if (pids[i] == 0) {
				char go;
				int r;

				close(gate[1]);
				while (read(gate[0], &go, 1) > 0)
					;
				r = otp_spend(UID, 500 + round, 30);
				_exit(r == 0 ? 0 : r == -EALREADY ? 1 : 2);
			}
		}
		close(gate[0]);
		close(gate[1]); /* the start */
		for (int i = 0; i < LOGINS; i++) {
			int status = 0;

			assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
			assert_true(WIFEXITED(status));
			assert_in_range(WEXITSTATUS(status), 0, 1);
			won += WEXITSTATUS(status) == 0;
		}
		assert_int_equal(won, 1);
	}
}

/* Somebody holds the lock and does not let go: an end, and no success. */
static void a_held_lock_refuses_in_time(void **state)
{
	_cleanup_close_ int fd = open(
		PAM_JUMP_ROOT "/var/lib/jump/otp/1900000001.lock",
		O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int64_t begin = moment_boot_ms();

	(void)state;
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(otp_spend(UID, 100, 30), -ETIMEDOUT);
	assert_in_range(moment_boot_ms() - begin, OTP_LOCK_WAIT_MS,
		OTP_LOCK_WAIT_MS + 1000);
}

static void fingerprints_as_openssh_prints_them(void **state)
{
	char text[FINGERPRINT_SIZE];

	(void)state;
	assert_int_equal(
		fingerprint_make("AAAAC3NzaC1lZDI1NTE5AAAAIDVJTsD/r7zzQcxpqZ0ub0"
				 "2HvziyzrPiDFe05/2Txb7u",
			text),
		0);
	/* what ssh-keygen -l says of it */
	assert_string_equal(
		text, "SHA256:/WDdYJPBbZkEHOLvpg/Xhfh0lq5ljYA4DqwiVwsV7Rg");
	assert_int_equal(fingerprint_make("", text), -EINVAL);
	assert_int_equal(fingerprint_make("AAA", text), -EINVAL);
	assert_int_equal(fingerprint_make("A===", text), -EINVAL);
	assert_int_equal(fingerprint_make("AB==AAAA", text), -EINVAL);
	assert_int_equal(fingerprint_make("AB==", text), -EINVAL);
	assert_int_equal(fingerprint_make("AA==", text), 0);
	assert_int_equal(fingerprint_make("AAE=", text), 0);
	assert_int_equal(fingerprint_make("AA E", text), -EINVAL);
	assert_int_equal(fingerprint_make("AAAA\n", text), -EINVAL);
}

static void what_sshd_says_of_the_caller(void **state)
{
	static const char *const bad[] = {
		"publickey ssh-ed25519 AAAA", /* no newline */
		"publickey ssh-ed25519\n", "publickey ssh-ed25519 AA A=\n",
		"publickey ssh-ed25519 AAAA\npublickey ssh-ed25519 AAAA\n",
		"publickey  AAAA\nx"};
	struct who who = {0};
	char huge[10000];

	(void)state;
	assert_int_equal(
		who_parse_methods("publickey ssh-ed25519 AAAA\n", &who), 0);
	assert_string_equal(who.key, "ssh-ed25519 AAAA");
	assert_true(strncmp(who.key_name, "SHA256:", 7) == 0);
	assert_false(who.second_method);
	assert_int_equal(
		who_parse_methods("publickey ssh-ed25519 AAAA\n"
				  "keyboard-interactive/pam\n",
			&who),
		0);
	assert_true(who.second_method);
	assert_int_equal(
		who_parse_methods("keyboard-interactive/pam\n", &who), 0);
	assert_string_equal(who.key, "");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(who_parse_methods(bad[i], &who), -EBADMSG);
	}
	memset(huge, 'a', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	assert_int_equal(who_parse_methods(huge, &who), -EBADMSG);
}

static void where_the_caller_is(void **state)
{
	static const char *const bad[] = {"", "10.0.0.1", "10.0.0.1 ",
		"10.0.0.1 0 x y", "10.0.0.1 65536 x y", "10.0.0.1 22x x y",
		"client.example 22 x y", " 22 x y", "10.0.0.1 123456789 x y"};
	struct who who = {0};

	(void)state;
	assert_int_equal(
		who_parse_connection("192.0.2.7 50123 192.0.2.1 22", &who), 0);
	assert_string_equal(who.source_text, "192.0.2.7");
	assert_int_equal(who.source_port, 50123);
	assert_int_equal(
		who_parse_connection("fe80::1%eth0 50123 fe80::2 22", &who), 0);
	assert_string_equal(who.source_text, "fe80::1");
	assert_int_equal(who.source.family, AF_INET6);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(
			who_parse_connection(bad[i], &who), -EBADMSG);
}

static int is_local(const char *name, uint32_t uid)
{
	return local_account(PLACE_PASSWD, PAM_JUMP_OWNER, name, uid);
}

static void local_names_and_uids(void **state)
{
	(void)state;
	pamroot_write("etc/passwd",
		"root:x:0:0:root:/root:/bin/bash\n"
		"# a line of somebody's\n"
		"\n"
		"+nisuser::::::\n"
		"acme-local:x:1005:1005::/home/a:/bin/bash\n"
		"stolen:x:1900000009:1900000009::/:/bin/bash",
		0644);
	assert_int_equal(is_local("root", 1), 1);
	assert_int_equal(is_local("acme-local", UID), 1);
	assert_int_equal(is_local("acme-tech1", 1900000009), 1);
	assert_int_equal(is_local("acme-tech1", 1005), 1);
	assert_int_equal(is_local("acme-tech1", UID), 0);
	assert_int_equal(is_local("acme", UID), 0);
	assert_int_equal(is_local("acme-locals", UID), 0);
	pamroot_write("etc/passwd", "root:x:zero:0::/:/bin/sh\n", 0644);
	assert_int_equal(is_local("acme-tech1", UID), -EBADMSG);
	pamroot_write("etc/passwd", "root:x:0:0::/:/bin/sh\n", 0666);
	assert_int_equal(is_local("acme-tech1", UID), -EPERM);
	pamroot_remove("etc/passwd");
	assert_int_equal(is_local("acme-tech1", UID), -ENOENT);
}

static void scopes(void **state)
{
	static const char *const bad[] = {"", "/",
		"/user.slice/user-1900000001.slice",
		"/user.slice/user-1900000001.slice/session-.scope",
		"/user.slice/user-1900000001.slice/session-1.scope/sub",
		"/user.slice/user-1900000001.slice/session-1.scopex",
		"/user.slice/user-1900000001.slice/session-a.b.scope",
		"/user.slice/user-1900000002.slice/session-1.scope",
		"/user.slice/user-1900000001.slice/user@1900000001.service",
		"/system.slice/jump-sshd.service",
		"x/user.slice/user-1900000001.slice/session-1.scope"};
	struct scope scope = {0};

	(void)state;
	assert_int_equal(
		scope_parse("/user.slice/user-1900000001.slice/"
			    "session-c12.scope",
			UID, &scope),
		0);
	assert_string_equal(scope.name, "session-c12.scope");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(scope_parse(bad[i], UID, &scope), -EBADMSG);
	assert_int_not_equal(scope_own(UID, &scope), 0);
}

static void spans_of_systemd(void **state)
{
	static const struct {
		const char *text;
		uint64_t sec;
	} good[] = {{"8h", 28800}, {"1d 2h 3min 4s", 93784}, {"10s", 10},
		{"1w", 604800}, {"1month", 2629800}, {"1y", 31557600}};
	static const char *const bad[] = {"", "infinity", "8", "8hh", "8h ",
		" 8h", "8h  1min", "h", "1.5h", "-8h", "500ms", "8h;",
		"99999999999999999999h"};
	uint64_t sec = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(scope_parse_span(good[i].text, &sec), 0);
		assert_int_equal(sec, good[i].sec);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(scope_parse_span(bad[i], &sec), -EBADMSG);
}

static int limit_of(const char *unit, uint64_t max_sec)
{
	pamroot_write("run/systemd/transient/session-1.scope", unit, 0644);
	return scope_limit("session-1.scope", max_sec);
}

static void limits_that_took(void **state)
{
	(void)state;
	assert_int_equal(limit_of("[Scope]\nRuntimeMaxSec=8h\n", 28800), 0);
	assert_int_equal(limit_of("[Scope]\nRuntimeMaxSec=7h\n", 28800), 0);
	assert_int_equal(
		limit_of("[Scope]\nRuntimeMaxSec=9h\n", 28800), -ERANGE);
	assert_int_equal(
		limit_of("[Scope]\nRuntimeMaxSec=0s\n", 28800), -ERANGE);
	assert_int_equal(
		limit_of("[Scope]\nRuntimeMaxSec=infinity\n", 28800), -EBADMSG);
	assert_int_equal(
		limit_of("[Scope]\nRuntimeMaxSec=1h\nRuntimeMaxSec=9h\n",
			28800),
		-ERANGE);
	assert_int_equal(limit_of("[Scope]\nSlice=x\n", 28800), -ENODATA);
	assert_int_equal(limit_of("", 28800), -ENODATA);
	pamroot_remove("run/systemd/transient/session-1.scope");
	assert_int_equal(scope_limit("session-1.scope", 28800), -ENOENT);
}

static void answers_come_at_their_time(void **state)
{
	(void)state;
	assert_int_equal(prompt_answer_ms(1000, 1000), 1000 + PROMPT_ANSWER_MS);
	assert_int_equal(prompt_answer_ms(1000, 1003), 1000 + PROMPT_ANSWER_MS);
	assert_int_equal(prompt_answer_ms(1000, 1000 + PROMPT_ANSWER_MS - 1),
		1000 + PROMPT_ANSWER_MS);
	assert_int_equal(prompt_answer_ms(1000, 1000 + PROMPT_ANSWER_MS),
		1000 + 2 * PROMPT_ANSWER_MS);
	assert_int_equal(prompt_answer_ms(1000, 500), 1000 + PROMPT_ANSWER_MS);
}

/* Whatever stood against a code, the table has no word of it for people. */
static void words_and_sentences(void **state)
{
	const char *const mute = refusal_sentence(REFUSAL_UNSPECIFIED, 0);

	(void)state;
	for (int i = 0; i < REFUSAL_COUNT; i++) {
		const char *word = refusal_word((enum refusal)i, REASON_EARLY);
		const char *text =
			refusal_sentence((enum refusal)i, REASON_EARLY);

		assert_in_range(strlen(word), 1, 20);
		assert_int_equal(
			strspn(word, "abcdefghijklmnopqrstuvwxyz_"), strlen(word));
		assert_true(strlen(text) > 10 && text[strlen(text) - 1] == '.');
		for (int j = 0; j < i; j++)
			assert_string_not_equal(word,
				refusal_word((enum refusal)j, REASON_EARLY));
	}
	for (int i = REFUSAL_OTP_BAD; i <= REFUSAL_LOCKED; i++)
		assert_string_equal(
			refusal_sentence((enum refusal)i, 0), mute);
	assert_string_equal(refusal_word(REFUSAL_COUNT, 0), "unspecified");
	assert_string_equal(refusal_word((enum refusal)-1, 0), "unspecified");
	assert_string_equal(
		refusal_word(REFUSAL_DECISION, REASON_REVOKED), "revoked");
}

static int64_t at(const char *text)
{
	int64_t sec = 0;

	assert_int_equal(moment_parse(text, &sec), 0);
	return sec;
}

static void next_window_in_words(void **state)
{
	static const char names[9][NAME_SIZE] = {"plc-gw", "hmi-1", "t3", "t4",
		"t5", "t6", "t7", "t8", "t9"};
	struct settings settings = {.time_zone = "Europe/Berlin"};
	struct grant grants[3] = {0};
	struct access a = {.why = REFUSAL_DECISION,
		.settings = &settings,
		.now = at("2026-11-23T10:00:00Z")};
	struct words words;

	(void)state;
	a.view.grants = grants;
	a.view.grant_count = 3;
	a.decision.reason = REASON_EARLY;
	a.decision.next_open = at("2026-11-23T18:00:00Z");
	for (int i = 0; i < 3; i++) {
		grants[i].targets = names;
		grants[i].target_count = 2;
		grants[i].not_before = a.decision.next_open;
	}
	grants[1].revoked = true;
	grants[1].target_count = 5;
	words_make(&a, &words);
	assert_string_equal(words.why, "Your window is not open yet.");
	assert_string_equal(words.next,
		"Your next window opens today 18:00 UTC (19:00 Europe/Berlin), "
		"plc-gw, hmi-1.");
	grants[2].target_count = 9;
	settings.time_zone[0] = '\0';
	words_make(&a, &words);
	assert_string_equal(words.next,
		"Your next window opens today 18:00 UTC, plc-gw, hmi-1, t3, "
		"t4, t5, t6 and 3 more.");
	a.decision.next_open = 0;
	words_make(&a, &words);
	assert_string_equal(words.next, "");
	a.why = REFUSAL_STALE;
	a.decision.next_open = at("2026-11-23T18:00:00Z");
	words_make(&a, &words);
	assert_string_equal(words.next, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(codes_of_the_standard, root_setup),
		cmocka_unit_test_setup(codes_one_step_off, root_setup),
		cmocka_unit_test_setup(seeds_of_another_form_refuse, root_setup),
		cmocka_unit_test_setup(no_code_fits_a_missing_seed, root_setup),
		cmocka_unit_test_setup(a_step_is_spent_once, root_setup),
		cmocka_unit_test_setup(a_broken_state_refuses, root_setup),
		cmocka_unit_test_setup(of_logins_at_once_one_wins, root_setup),
		cmocka_unit_test_setup(a_held_lock_refuses_in_time, root_setup),
		cmocka_unit_test(fingerprints_as_openssh_prints_them),
		cmocka_unit_test(what_sshd_says_of_the_caller),
		cmocka_unit_test(where_the_caller_is),
		cmocka_unit_test_setup(local_names_and_uids, root_setup),
		cmocka_unit_test(scopes),
		cmocka_unit_test(spans_of_systemd),
		cmocka_unit_test_setup(limits_that_took, root_setup),
		cmocka_unit_test(answers_come_at_their_time),
		cmocka_unit_test(words_and_sentences),
		cmocka_unit_test(next_window_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
