/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The module as libpam loads it, in the shipped stack with the real
 * pam_faillock, on rights that the real compiler made: what is let in, what
 * is refused and how, and what no failure of the host ever turns into a yes.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/moment.h"
#include "base/proc.h"
#include "base/when.h"
#include "tests/unit/pamplay.h"
#include "tests/unit/pamroot.h"

#define OPEN     play_grant("G1", "acme-tech1", -60, 60, false, NULL)
#define ASKED    "One-time code: \n"
#define SOURCE   "192.0.2.7:50123"
#define ANSWER_MS 1500

#define FAILED(reason)                                                         \
	"auth.otp failure " reason " acme-tech1 " SOURCE                       \
	" G1 session+key\n"
#define CHECKED(outcome, reason)                                               \
	"access.check " outcome " " reason " acme-tech1 " SOURCE               \
	" G1 session+key\n"

static void expect_in(struct play *p)
{
	play(p);
	if (p->auth != PAM_SUCCESS || p->account != PAM_SUCCESS)
		fail_msg("auth %d account %d: %s%s", p->auth, p->account,
			p->said, play_events());
}

static void a_visit_is_let_in(void **state)
{
	struct play p = {.code = play_code(0), .open = true};

	(void)state;
	play_world(NULL, OPEN);
	expect_in(&p);
	assert_int_equal(p.asked, 1);
	assert_string_equal(p.said, ASKED);
	/* no scope of logind here: bounded, then refused and on record so */
	assert_int_equal(p.session, PAM_SESSION_ERR);
	assert_string_equal(play_events(),
		CHECKED("success", "ok") "limit 29100\n"
		"session.start failure scope acme-tech1 " SOURCE
		" G1 session+key\n");
	assert_int_equal(access(PAM_JUMP_ROOT "/var/lib/jump/otp/1900000001",
				 F_OK),
		0);
}

static void a_code_typed_with_blanks(void **state)
{
	const char *code = play_code(0);
	char spaced[16];
	struct play p = {.code = spaced};

	(void)state;
	snprintf(spaced, sizeof(spaced), "%.3s %s", code, code + 3);
	play_world(NULL, OPEN);
	expect_in(&p);
}

struct refused {
	const char *code;
	bool locked, no_seed, no_window, used, bad_state;
	const char *events;
};

/* From the question on nothing tells which of these it was. */
static void refusals_that_look_alike(void **state)
{
	const char *wrong = "000000";
	const struct refused rows[] = {
		{.code = wrong, .events = FAILED("otp_bad")},
		{.code = "", .events = FAILED("otp_bad")},
		{.code = "12345678901234567890", .events = FAILED("otp_bad")},
		{.code = play_code(0),
			.no_seed = true,
			.events = FAILED("no_seed")},
		{.code = play_code(0),
			.used = true,
			.events = FAILED("otp_replay")},
		{.code = play_code(0),
			.bad_state = true,
			.events = FAILED("otp_state")},
		{.code = play_code(0),
			.locked = true,
			.events = "auth.locked failure locked acme-tech1 " SOURCE
				  " G1 session+key\n"},
		{.code = wrong,
			.no_window = true,
			.events = "auth.otp failure otp_bad acme-tech1 " SOURCE
				  " - session+key\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct refused *row = &rows[i];
		struct play p = {.code = row->code};

		play_world(NULL, row->no_window ? NULL : OPEN);
		if (row->no_seed)
			pamroot_remove("run/jump/seeds/1900000001");
		if (row->used) {
			struct play first = {.code = row->code};

			expect_in(&first);
			play_events();
		}
		if (row->bad_state)
			pamroot_write("var/lib/jump/otp/1900000001", "x", 0600);
		for (int n = 0; row->locked && n < 3; n++) {
			struct play bad = {.code = wrong};

			play(&bad);
		}
		if (row->locked)
			assert_non_null(strstr(play_events(), "auth.locked"));
		play_control()->hurry = 0;
		play(&p);
		assert_int_equal(p.auth, PAM_AUTH_ERR);
		assert_string_equal(p.said, ASKED);
		assert_in_range(p.answer_ms, ANSWER_MS, ANSWER_MS + 100);
		assert_string_equal(play_events(), row->events);
	}
}

/* The third wrong code locks, and what locks is on record there and then. */
static void the_lock_is_on_record(void **state)
{
	struct play wrong = {.code = "000000"}, right;

	(void)state;
	play_world(NULL, OPEN);
	play(&wrong);
	play(&wrong);
	assert_string_equal(
		play_events(), FAILED("otp_bad") FAILED("otp_bad"));
	play(&wrong);
	assert_string_equal(play_events(),
		FAILED("otp_bad") "auth.locked failure locked acme-tech1 " SOURCE
				  " G1 session+key\n");
	/* a right code while locked is not spent */
	right = (struct play){.code = play_code(0)};
	play(&right);
	assert_int_equal(right.auth, PAM_AUTH_ERR);
	assert_int_not_equal(
		access(PAM_JUMP_ROOT "/var/lib/jump/otp/1900000001", F_OK), 0);
	pamroot_remove("var/lib/jump/faillock");
	expect_in(&right);
}

static void nobody_answers(void **state)
{
	struct play p = {0};

	(void)state;
	play_world(NULL, OPEN);
	play(&p);
	assert_int_not_equal(p.auth, PAM_SUCCESS);
	assert_int_equal(p.asked, 1);
}

/* One code, two logins in the same moment: one is let in. */
static void of_two_logins_one_wins(void **state)
{
	struct play p = {.code = play_code(0)};
	pid_t pids[2];
	int won = 0;

	(void)state;
	play_world(NULL, OPEN);
	for (int i = 0; i < 2; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			play(&p);
			_exit(p.auth == PAM_SUCCESS ? 0 : 1);
		}
	}
	for (int i = 0; i < 2; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status));
		won += WEXITSTATUS(status) == 0;
	}
	assert_int_equal(won, 1);
}

struct told {
	const char *grants; /* one or two, joined by "," */
	const char *reason; /* in the event */
	const char *grant;  /* which it names, or "-" */
	const char *text;   /* what the person reads, after the question */
};

/* "Your next window opens ..." for a grant that many minutes ahead. */
static const char *opening(const char *why, long minutes)
{
	static char text[4][512];
	static unsigned next;
	_cleanup_zoneinfo_ struct zoneinfo *zone = NULL;
	char when[WHEN_SIZE], *to = text[next++ % 4];
	int64_t now = moment_wall_ms() / 1000;

	assert_int_equal(zoneinfo_load("Europe/Berlin", &zone), 0);
	when_format(now + minutes * 60, now, "Europe/Berlin", zone, when);
	snprintf(to, sizeof(text[0]),
		"%s\nYour next window opens %s, plc-gw, hmi-1.\n", why, when);
	return to;
}

static void closed_windows_are_told(void **state)
{
	const struct told rows[] = {
		{"", "no_grant", "-",
			"No window has been approved for you. Request one.\n"},
		{play_grant("G1", "acme-tech1", -120, -60, false, NULL), "late",
			"G1",
			"Your window is over. Request another one, or an "
			"extension while it is open.\n"},
		{play_grant("G1", "acme-tech1", -60, 60, true, NULL), "revoked",
			"G1", "Your window was revoked.\n"},
		{play_grant("G1", "acme-tech1", -60, 60, false,
			 "\"198.51.100.0/24\""),
			"source", "G1",
			"Your window is not valid from this network "
			"address.\n"},
		{play_grant("G1", "acme-tech1", 90, 120, false, NULL), "early",
			"G1", opening("Your window is not open yet.", 90)},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct play p = {.code = play_code(0)};
		char events[512], text[1024];

		play_world(NULL, rows[i].grants);
		play(&p);
		snprintf(events, sizeof(events),
			"access.check failure %s acme-tech1 " SOURCE
			" %s session+key\n",
			rows[i].reason, rows[i].grant);
		snprintf(text, sizeof(text), ASKED "%s", rows[i].text);
		assert_int_equal(p.auth, PAM_SUCCESS);
		assert_int_equal(p.account, PAM_PERM_DENIED);
		assert_string_equal(p.said, text);
		assert_string_equal(play_events(), events);
	}
}

static void doubt_clock(void)
{
	pamroot_clock(0, 0);
}

static void shift_clock(void)
{
	pamroot_clock(1, 60000);
}

static void stop_audit(void)
{
	pamroot_health("disabled", 0);
}

static void age_health(void)
{
	pamroot_health("ok", 60000);
}

static void lose_health(void)
{
	pamroot_remove("run/jump/health");
}

static void lose_rights(void)
{
	pamroot_remove("run/jump/db");
}

static void corrupt_rights(void)
{
	pamroot_remove("run/jump/db/current");
	pamroot_write("run/jump/db/current/rights.db", "garbage", 0640);
}

#define NOBODY "so nobody may come in. Ask the operator of this bastion.\n"
#define ASK    " Ask the operator of this bastion.\n"

/* Each row makes the bastion ill in one way; the code is right each time. */
static void an_ill_bastion_is_told(void **state)
{
	static const struct {
		void (*ill)(void);
		const char *reason, *text;
	} rows[] = {
		{doubt_clock, "clock",
			"This bastion does not trust its clock at the "
			"moment, " NOBODY},
		{shift_clock, "clock",
			"This bastion does not trust its clock at the "
			"moment, " NOBODY},
		{stop_audit, "audit",
			"This bastion can't write its audit log at the "
			"moment, " NOBODY},
		{age_health, "health",
			"This bastion does not know its own state at the "
			"moment, " NOBODY},
		{lose_health, "health",
			"This bastion does not know its own state at the "
			"moment, " NOBODY},
		{lose_rights, "unpublished",
			"This bastion has started and does not know yet who "
			"may come in. Try again in a minute.\n"},
		{corrupt_rights, "corrupt",
			"This bastion can't read who may come in." ASK},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct play p = {.code = play_code(0), .between = rows[i].ill};
		char events[256], text[512];

		play_world(NULL, OPEN);
		play(&p);
		snprintf(text, sizeof(text), ASKED "%s", rows[i].text);
		snprintf(events, sizeof(events),
			"access.check failure %s acme-tech1 " SOURCE
			" - session+key\n",
			rows[i].reason);
		assert_int_equal(p.auth, PAM_SUCCESS);
		assert_int_equal(p.account, PAM_PERM_DENIED);
		assert_string_equal(p.said, text);
		assert_string_equal(play_events(), events);
	}
}

static void stale_rights_are_told(void **state)
{
	struct play p = {.code = play_code(0)};

	(void)state;
	play_life_sec = -1;
	play_world(NULL, OPEN);
	play_life_sec = 86400;
	play(&p);
	assert_int_equal(p.account, PAM_PERM_DENIED);
	assert_string_equal(p.said,
		ASKED "This bastion has not heard from the approvals service "
		      "for too long, " NOBODY);
	assert_non_null(strstr(play_events(), "access.check failure stale "));
}

/* Audit takes no event: no session where the policy requires it. */
static void an_event_not_taken_refuses(void **state)
{
	struct play p = {.code = play_code(0)};

	(void)state;
	play_world(NULL, OPEN);
	play_control()->audit_down = 1;
	play(&p);
	assert_int_equal(p.auth, PAM_SUCCESS);
	assert_int_equal(p.account, PAM_PERM_DENIED);
	assert_string_equal(p.said,
		ASKED "This bastion can't write its audit log at the "
		      "moment, " NOBODY);
}

static void both_factors_or_nothing(void **state)
{
	static const char other[] =
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHJoYAtDCNBpxgGyIMoHz0oQ"
		"TnCRxkMaqYYtYpDTTLvb";
	struct play no_code = {.skip_auth = true};
	struct play no_key = {.code = play_code(0), .key = ""};
	struct play other_key = {.code = play_code(0), .key = other};
	char two[512];
	struct play two_keys = {.code = play_code(0), .key = two};

	(void)state;
	play_world(NULL, OPEN);
	play(&no_code);
	assert_int_equal(no_code.account, PAM_PERM_DENIED);
	assert_string_equal(no_code.said, "");
	assert_string_equal(play_events(), CHECKED("failure", "factor"));
	play(&no_key);
	assert_int_equal(no_key.account, PAM_PERM_DENIED);
	assert_string_equal(no_key.said, ASKED);
	play_world(NULL, OPEN);
	play(&other_key);
	assert_int_equal(other_key.account, PAM_PERM_DENIED);
	assert_string_equal(other_key.said,
		ASKED "This key is not enrolled at this bastion.\n");
	snprintf(two, sizeof(two), "%s\npublickey %s", play_key(), other);
	play(&two_keys);
	assert_int_not_equal(two_keys.auth, PAM_SUCCESS);
	assert_int_equal(two_keys.asked, 0);
}

static void disabled_and_unknown_users(void **state)
{
	struct play off = {.user = "acme-off", .code = play_code(0)};
	struct play none = {.user = "acme-none", .code = play_code(0)};

	(void)state;
	play_world(NULL, OPEN);
	play_seed(1900000002);
	play(&off);
	assert_int_equal(off.auth, PAM_SUCCESS);
	assert_int_equal(off.account, PAM_PERM_DENIED);
	assert_string_equal(off.said,
		ASKED "Your account is disabled at this bastion." ASK);
	play_control()->hurry = 0;
	play(&none);
	assert_int_equal(none.auth, PAM_AUTH_ERR);
	assert_string_equal(none.said, ASKED);
	assert_in_range(none.answer_ms, ANSWER_MS, ANSWER_MS + 100);
}

/* Local names, local uids, names that another service answers: at once. */
static void who_is_not_ours(void **state)
{
	static const char *const passwd[] = {
		"root:x:0:0::/:/bin/sh\nacme-tech1:x:1000:1000::/:/bin/sh\n",
		"root:x:0:0::/:/bin/sh\nx:x:1900000001:1::/:/bin/sh\n",
		"root:x:0:0::/:/bin/sh\nacme-tech1:x:1900000001:1::/:/bin/sh\n",
	};
	struct play p = {.code = play_code(0)}, root = {.user = "root"};
	struct play odd = {.user = "Root"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(passwd); i++) {
		play_world(NULL, OPEN);
		pamroot_write("etc/passwd", passwd[i], 0644);
		play(&p);
		assert_int_not_equal(p.auth, PAM_SUCCESS);
		assert_int_equal(p.asked, 0);
		assert_non_null(strstr(play_events(), "not_ours"));
		p.skip_auth = true;
		play(&p);
		assert_int_not_equal(p.account, PAM_SUCCESS);
		assert_string_equal(p.said, "");
		p.skip_auth = false;
	}
	play_world(NULL, OPEN);
	pamroot_write("nss-passwd",
		"root:x:0:0::/:/bin/sh\nacme-tech1:*:5000:5000::/:/bin/sh\n",
		0644);
	play(&p);
	assert_int_not_equal(p.auth, PAM_SUCCESS);
	assert_int_equal(p.asked, 0);
	play(&root);
	assert_int_not_equal(root.auth, PAM_SUCCESS);
	play(&odd);
	assert_int_not_equal(odd.auth, PAM_SUCCESS);
	assert_int_equal(odd.asked, 0);
}

/* A session record as of this very process, or of one that is gone. */
static void put_record(const char *name, unsigned uid, const char *source,
	const char *factor, long age_sec, bool lives)
{
	unsigned long long start = 0;
	char text[1024], path[64];

	assert_int_equal(proc_start_time(getpid(), &start), 0);
	snprintf(text, sizeof(text),
		"uuid=8a4e2f60-1111-4222-8333-0123456789ab\nuid=%u\nuser=x\n"
		"key=SHA256:/WDdYJPBbZkEHOLvpg/Xhfh0lq5ljYA4DqwiVwsV7Rg\n"
		"source=%s\nsource_port=1\nfactor=%s\nauid=1\nses=1\n"
		"cgroup=/x\ncgroup_id=1\nmonitor=%ld\nmonitor_start=%llu\n"
		"started=%lld\n",
		uid, source, factor, (long)getpid(), start + !lives,
		(long long)moment_wall_ms() / 1000 - age_sec);
	snprintf(path, sizeof(path), "run/jump/sessions/%s.scope", name);
	pamroot_write(path, text, 0640);
}

static void so_many_sessions_and_no_more(void **state)
{
	struct play p = {.code = play_code(0)};

	(void)state;
	play_world(NULL, OPEN);
	put_record("session-1", PLAY_UID, PLAY_SOURCE, "code", 60, true);
	put_record("session-2", PLAY_UID, PLAY_SOURCE, "code", 60, false);
	expect_in(&p); /* the second one is of a monitor that is gone */
	play_world(NULL, OPEN);
	put_record("session-1", PLAY_UID, PLAY_SOURCE, "code", 60, true);
	put_record("session-2", PLAY_UID, PLAY_SOURCE, "code", 60, true);
	play(&p);
	assert_int_equal(p.account, PAM_PERM_DENIED);
	assert_string_equal(p.said,
		ASKED "You have as many sessions open as you may. Close one "
		      "first.\n");
	assert_string_equal(play_events(), CHECKED("failure", "sessions"));
	play_world(NULL, OPEN);
	put_record("session-1", 1900000007, PLAY_SOURCE, "code", 60, true);
	put_record("session-2", 1900000007, PLAY_SOURCE, "code", 60, true);
	pamroot_write("run/jump/sessions/session-3.scope", "garbage", 0640);
	play(&p);
	assert_int_equal(p.account, PAM_PERM_DENIED);
	assert_string_equal(
		play_events(), CHECKED("failure", "sessions_host"));
}

#define GRACE                                                                  \
	"MaxWindow = 8h\nApprovals = 1\nRecord = optional\nMaxSessions = 9\n"  \
	"OtpGrace = 10m\n"

static bool let_in_without_code(const char *conduit, const char *source,
	const char *factor, long age_sec, bool lives)
{
	struct play p = {0};

	play_world(conduit, OPEN);
	put_record("session-1", PLAY_UID, source, factor, age_sec, lives);
	play(&p);
	assert_int_equal(p.asked, p.auth == PAM_SUCCESS ? 0 : 1);
	if (p.auth == PAM_SUCCESS) {
		assert_int_equal(p.account, PAM_SUCCESS);
		assert_string_equal(
			play_events(), CHECKED("success", "otp_grace"));
	}
	return p.auth == PAM_SUCCESS;
}

static void grace_for_a_code(void **state)
{
	const char *here = PLAY_SOURCE;

	(void)state;
	assert_true(let_in_without_code(GRACE, here, "code", 60, true));
	assert_false(let_in_without_code(NULL, here, "code", 60, true));
	assert_false(let_in_without_code(GRACE, here, "code", 600, true));
	assert_false(let_in_without_code(GRACE, here, "code", -60, true));
	assert_false(let_in_without_code(GRACE, here, "code", 60, false));
	/* no chain of graces, no other source */
	assert_false(let_in_without_code(GRACE, here, "grace", 60, true));
	assert_false(
		let_in_without_code(GRACE, "192.0.2.8", "code", 60, true));
}

static void options_that_nobody_knows(void **state)
{
	static const char *const bad[] = {"phase=codes", "phase=", "debug",
		"phase=code phase=code", "phase=code debug", "phase=before"};
	char stack[8192];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct play p = {.code = play_code(0)};

		play_world(NULL, OPEN);
		snprintf(stack, sizeof(stack),
			"auth required %s/.libs/pam_jump_test.so %s\n"
			"account required pam_permit.so\n",
			getenv("JUMP_BUILDDIR"), bad[i]);
		pamroot_write("etc/pam.d/jump-sshd", stack, 0644);
		play(&p);
		assert_int_equal(p.auth, PAM_SERVICE_ERR);
		assert_int_equal(p.asked, 0);
	}
}

/* A line of the stack that is missing locks out, and lets nobody in. */
static void a_stack_without_the_question(void **state)
{
	struct play p = {.code = play_code(0)};
	char stack[1024];

	(void)state;
	play_world(NULL, OPEN);
	snprintf(stack, sizeof(stack),
		"auth required pam_permit.so\n"
		"account required %s/.libs/pam_jump_test.so\n",
		getenv("JUMP_BUILDDIR"));
	pamroot_write("etc/pam.d/jump-sshd", stack, 0644);
	play(&p);
	assert_int_equal(p.account, PAM_PERM_DENIED);
}

static bool step_is_kept(void)
{
	return access(PAM_JUMP_ROOT "/var/lib/jump/otp/1900000001", F_OK) == 0;
}

/* As if nobody had tried before; the nth call that can fail, will. */
static void clean_tries(long n)
{
	struct pam_test *control = play_control();

	pamroot_remove("var/lib/jump/otp/1900000001");
	pamroot_remove("var/lib/jump/faillock");
	control->calls = 0;
	control->fail_at = n;
}

/*
 * Every call of the module that can fail, fails once, in its turn: what was a
 * refusal stays one, and a login is let in only with its code spent.
 */
static void no_failure_lets_in(void **state)
{
	const struct {
		bool right; /* code */
		const char *grants;
	} refused[] = {{false, OPEN}, {true, ""},
		{true, play_grant("G1", "acme-tech1", 9, 60, false, NULL)}};
	struct pam_test *control = play_control();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		long n = 0;

		play_world(NULL, refused[i].grants);
		do { /* until there is no nth call any more */
			struct play p = {.code = "000000"};

			clean_tries(++n);
			if (refused[i].right)
				p.code = play_code(0);
			play(&p);
			assert_int_not_equal(p.account, PAM_SUCCESS);
		} while (control->calls >= n);
		assert_true(n > 20);
	}
}

static void success_means_spent(void **state)
{
	struct pam_test *control = play_control();
	long n = 0, let_in = 0;

	(void)state;
	play_world(NULL, OPEN);
	do {
		struct play p = {.code = play_code(0)};

		clean_tries(++n);
		play(&p);
		if (p.auth == PAM_SUCCESS)
			assert_true(step_is_kept());
		let_in += p.account == PAM_SUCCESS;
	} while (control->calls >= n);
	print_message("%ld calls can fail; %ld of the failures do not matter\n",
		n - 1, let_in - 1);
	assert_in_range(let_in, 1, n - 20);
}

static int setup(void **state)
{
	(void)state;
	setenv("NSS_WRAPPER_PASSWD", PAM_JUMP_ROOT "/nss-passwd", 1);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_visit_is_let_in),
		cmocka_unit_test(a_code_typed_with_blanks),
		cmocka_unit_test(refusals_that_look_alike),
		cmocka_unit_test(the_lock_is_on_record),
		cmocka_unit_test(nobody_answers),
		cmocka_unit_test(of_two_logins_one_wins),
		cmocka_unit_test(closed_windows_are_told),
		cmocka_unit_test(an_ill_bastion_is_told),
		cmocka_unit_test(stale_rights_are_told),
		cmocka_unit_test(an_event_not_taken_refuses),
		cmocka_unit_test(both_factors_or_nothing),
		cmocka_unit_test(disabled_and_unknown_users),
		cmocka_unit_test(who_is_not_ours),
		cmocka_unit_test(so_many_sessions_and_no_more),
		cmocka_unit_test(grace_for_a_code),
		cmocka_unit_test(options_that_nobody_knows),
		cmocka_unit_test(a_stack_without_the_question),
		cmocka_unit_test(no_failure_lets_in),
		cmocka_unit_test(success_means_spent),
	};

	(void)argc;
	/* nss_wrapper has to be there from the start */
	if (!getenv("NSS_WRAPPER_PASSWD")) {
		setup(NULL);
		setenv("NSS_WRAPPER_GROUP", "/etc/group", 1);
		setenv("LD_PRELOAD", "libnss_wrapper.so", 1);
		setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
		execv("/proc/self/exe", argv);
		return 99;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
