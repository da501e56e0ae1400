/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The login dialogue against devices that are honest, odd, and hostile. A
 * device is a script of lines; what was sent to it and what a person saw of
 * it is compared.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "telnet/expect.h"

#define QUIET (EXPECT_QUIET_MS + 1)

static const struct expect_rules rules = {
	.user = "login:",
	.password = "Password:",
	.ready = ">",
	.failed = "incorrect",
};

struct play {
	struct expect e;
	const char *secret;
	int armed; /* what expect_arm() said */
	int64_t now_ms;
	unsigned accounts, passwords, let_in;
	uint8_t room[1 << 18];
	struct telnet_bytes shown;
};

static int begin(struct play *p, const struct expect_rules *r, const char *text)
{
	*p = (struct play){.now_ms = 1000, .secret = text};
	p->shown =
		(struct telnet_bytes){.at = p->room, .size = sizeof(p->room)};
	return expect_begin(&p->e, r, p->now_ms);
}

static enum expect_act look(struct play *p)
{
	enum expect_act act = expect_look(&p->e, p->now_ms);

	p->accounts += act == EXPECT_SEND_ACCOUNT;
	p->passwords += act == EXPECT_SEND_PASSWORD;
	p->let_in += act == EXPECT_LET_IN;
	if (act == EXPECT_SEND_PASSWORD) {
		struct secret secret = {0};

		assert_int_equal(p->e.secret.len, 0);
		assert_int_equal(
			secret_set(&secret, p->secret, strlen(p->secret)), 0);
		p->armed = expect_arm(&p->e, &secret);
	}
	return act;
}

static enum expect_act say(struct play *p, const char *text)
{
	assert_int_equal(expect_take(&p->e, (const uint8_t *)text, strlen(text),
				 p->now_ms, &p->shown),
		0);
	return look(p);
}

static enum expect_act wait(struct play *p, int64_t ms)
{
	p->now_ms += ms;
	return look(p);
}

static enum expect_act say_and_wait(struct play *p, const char *text)
{
	enum expect_act act = say(p, text);

	return act == EXPECT_WAIT ? wait(p, QUIET) : act;
}

static bool saw(const struct play *p, const char *text)
{
	return memmem(p->room, p->shown.len, text, strlen(text)) != NULL;
}

static bool wiped(const struct play *p)
{
	static const struct secret none;

	return memcmp(&p->e.secret, &none, sizeof(none)) == 0;
}

static void to_password(struct play *p, const char *secret)
{
	assert_int_equal(begin(p, &rules, secret), 0);
	assert_int_equal(
		say_and_wait(p, "Device 7\r\nlogin: "), EXPECT_SEND_ACCOUNT);
	assert_int_equal(
		say_and_wait(p, "maint\r\nPassword: "), EXPECT_SEND_PASSWORD);
}

static void a_login(void **state)
{
	static struct play p;

	(void)state;
	to_password(&p, "s3cret");
	assert_false(wiped(&p));
	assert_int_equal(say_and_wait(&p, "\r\nLast login: never\r\nplc> "),
		EXPECT_LET_IN);
	assert_true(wiped(&p));
	assert_int_equal(say(&p, "\x1b[31mred\x1b[0m"), EXPECT_WAIT);
	assert_int_equal(p.accounts + p.passwords + p.let_in, 3);
	p.room[p.shown.len] = '\0';
	assert_string_equal((char *)p.room,
		"Device 7\r\nlogin: maint\r\nPassword: \r\nLast login: "
		"never\r\nplc> \x1b[31mred\x1b[0m");
	assert_int_equal(expect_wait_ms(&p.e, p.now_ms), -1);
}

static void without_an_account(void **state)
{
	struct expect_rules r = rules;
	static struct play p;

	(void)state;
	r.user[0] = '\0';
	assert_int_equal(begin(&p, &r, "s3cret"), 0);
	assert_int_equal(say_and_wait(&p, "Password:"), EXPECT_SEND_PASSWORD);
	assert_int_equal(say_and_wait(&p, "\r\n>"), EXPECT_LET_IN);
	assert_int_equal(p.accounts, 0);
}

/* A prompt that comes byte by byte, with colours, is one. */
static void prompts_in_pieces(void **state)
{
	static struct play p;

	(void)state;
	assert_int_equal(begin(&p, &rules, "s3cret"), 0);
	for (const char *c = "\x1b[1mlog\x1b[0min:\x1b[m  "; *c; c++) {
		const char one[] = {*c, '\0'};

		assert_int_equal(say(&p, one), EXPECT_WAIT);
		assert_int_equal(wait(&p, 100), EXPECT_WAIT);
	}
	assert_int_equal(wait(&p, QUIET), EXPECT_SEND_ACCOUNT);
}

/* What has something behind it is no prompt. */
static void a_prompt_within_a_banner(void **state)
{
	static struct play p;

	(void)state;
	assert_int_equal(begin(&p, &rules, "s3cret"), 0);
	assert_int_equal(say(&p, "At login: type your name.\r\n"), EXPECT_WAIT);
	assert_int_equal(say(&p, "login:"), EXPECT_WAIT);
	assert_int_equal(wait(&p, EXPECT_QUIET_MS / 2), EXPECT_WAIT);
	assert_int_equal(say_and_wait(&p, " disabled\r\n"), EXPECT_WAIT);
	assert_int_equal(say_and_wait(&p, "login:\r\n"), EXPECT_WAIT);
	assert_int_equal(p.accounts + p.passwords, 0);
	assert_int_equal(say_and_wait(&p, "login: "), EXPECT_SEND_ACCOUNT);
	assert_int_equal(say_and_wait(&p, "Password: old ones are void\r\n"),
		EXPECT_WAIT);
	assert_int_equal(p.passwords, 0);
}

/* What a hostile device says, and how it ends: never with a second time. */
static const struct {
	const char *name, *says[6];
	enum expect_end end;
	unsigned passwords;
} hostile[] = {
	{"asks twice", {"login:", "\r\nPassword:", "\r\nPassword:"},
		EXPECT_END_FAILED, 1},
	{"asks twice, on one line", {"login:", "\r\nPassword:", " Password:"},
		EXPECT_END_FAILED, 1},
	{"asks for the account again", {"login:", "\r\nlogin:"},
		EXPECT_END_ORDER, 0},
	{"begins again", {"login:", "\r\nPassword:", "\r\nlogin:"},
		EXPECT_END_FAILED, 1},
	{"the password first", {"Password:"}, EXPECT_END_ORDER, 0},
	{"ready, then the password", {"login:", "\r\nplc>", "\r\nPassword:"},
		EXPECT_END_ORDER, 0},
	{"ready at once", {"plc> "}, EXPECT_END_ORDER, 0},
	{"refuses, then asks", {"login:", "\r\nLogin incorrect\r\nPassword:"},
		EXPECT_END_FAILED, 0},
	{"refuses at once", {"Login incorrect\r\nlogin:"}, EXPECT_END_ORDER, 0},
	{"refuses", {"login:", "\r\nPassword:", "\r\nLogin incorrect\r\n"},
		EXPECT_END_FAILED, 1},
	{"refuses, without a line end",
		{"login:", "\r\nPassword:", "\r\nLogin incorrect"},
		EXPECT_END_FAILED, 1},
	{"refuses and is ready",
		{"login:", "\r\nPassword:", "\r\nincorrect\r\nplc>"},
		EXPECT_END_FAILED, 1},
};

static void hostile_devices(void **state)
{
	static struct play p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
		enum expect_act act = EXPECT_WAIT;

		assert_int_equal(begin(&p, &rules, "s3cret"), 0);
		for (size_t j = 0; j < 6 && hostile[i].says[j]; j++)
			act = say_and_wait(&p, hostile[i].says[j]);
		if (act != EXPECT_GIVE_UP || p.e.end != hostile[i].end)
			fail_msg("%s: %d %d", hostile[i].name, act, p.e.end);
		assert_int_equal(p.passwords, hostile[i].passwords);
		assert_true(wiped(&p));
		for (int again = 0; again < 3; again++)
			assert_int_equal(say_and_wait(&p, "\r\nPassword:"),
				EXPECT_GIVE_UP);
		assert_int_equal(p.passwords, hostile[i].passwords);
	}
}

/* How a device may give the password back before it is ready. */
static const char *const echoes[][4] = {
	{"s3cret\r\n"},
	{"s3c", "ret", "\r\n"},
	{"s", "3", "cret", "\r\n"},
	{"\r\n", "s3cret\r\n"},
	{"\r\ns3cret\r\ns3cret\r\n"},
	{"\r\nyou said s3cret, s3cret!\r\n"},
	{"\r\nss3cs3crets3cret\r\n"},
	{"\r\ns3", "\r\n", "cret\r\n"},
	{"\r\ns\b3\x1b[m"
	 "c\0r",
		"et\r\n"},
	{"\r\ns3s3cretcret\r\n"},
	{"s3c\r\nLast login: never\r\n"},
	{"s3cre", "\r\nx\r\n"},
};

static void an_echo_is_not_shown(void **state)
{
	static struct play p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(echoes); i++) {
		size_t from;

		to_password(&p, "s3cret");
		from = p.shown.len;
		for (size_t j = 0; j < 4 && echoes[i][j]; j++)
			assert_int_equal(
				say_and_wait(&p, echoes[i][j]), EXPECT_WAIT);
		assert_int_equal(say_and_wait(&p, "plc>"), EXPECT_LET_IN);
		if (saw(&p, "s3cret") || saw(&p, "s3cre"))
			fail_msg("%zu: %.*s", i, (int)(p.shown.len - from),
				(char *)p.room + from);
		assert_true(saw(&p, "plc>"));
	}
	/* the beginning of an echo that stops on the prompt's line as well */
	to_password(&p, "s3cret");
	assert_int_equal(
		say_and_wait(&p, "s3c\r\nwell\r\nplc>"), EXPECT_LET_IN);
	assert_false(saw(&p, "s3c"));
	assert_true(saw(&p, "well"));
}

static void an_echo_is_not_taken_for_ready(void **state)
{
	static struct play p;

	(void)state;
	to_password(&p, "ab>");
	assert_int_equal(say_and_wait(&p, "ab>"), EXPECT_WAIT);
	assert_int_equal(say_and_wait(&p, "\r\nab>"), EXPECT_WAIT);
	assert_int_equal(say_and_wait(&p, "\r\nplc>"), EXPECT_LET_IN);
	/* in pieces: the first of which ends as ready does */
	to_password(&p, "a>b");
	assert_int_equal(say_and_wait(&p, "a>"), EXPECT_WAIT);
	assert_int_equal(say_and_wait(&p, "b\r\nplc>"), EXPECT_LET_IN);
	to_password(&p, ">ab");
	assert_int_equal(p.armed, -EEXIST);
	assert_int_equal(say_and_wait(&p, "login:"), EXPECT_GIVE_UP);
	assert_int_equal(p.e.end, EXPECT_END_RULES);
}

static void rules_and_secrets_that_can_not_work(void **state)
{
	struct expect_rules r;
	static struct play p;
	char *const all[] = {r.user, r.password, r.ready, r.failed};
	static const char *const bad[] = {"", "a\nb", "a\x7f"};
	struct secret secret = {0};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		r = rules;
		all[i][0] = '\0';
		assert_int_equal(
			begin(&p, &r, "x"), i == 0 || i == 3 ? 0 : -EINVAL);
		r = rules;
		all[i][0] = '\n';
		assert_int_equal(begin(&p, &r, "x"), -EINVAL);
		r = rules;
		memset(all[i], 'x', EXPECT_RULE_SIZE);
		assert_int_equal(begin(&p, &r, "x"), -EINVAL);
		r = rules;
		memcpy(all[i], "xyz", 4);
		memcpy(all[(i + 1) % 4], "yz ", 4);
		assert_int_equal(begin(&p, &r, "x"), -EINVAL);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		to_password(&p, bad[i]);
		assert_int_equal(p.armed, -EINVAL);
		assert_int_equal(look(&p), EXPECT_GIVE_UP);
	}
	/* one that was not asked for, and a second one */
	assert_int_equal(secret_set(&secret, "x", 1), 0);
	assert_int_equal(begin(&p, &rules, "s3cret"), 0);
	assert_int_equal(expect_arm(&p.e, &secret), -EINVAL);
	to_password(&p, "s3cret");
	assert_int_equal(expect_arm(&p.e, &secret), -EINVAL);
	assert_true(wiped(&p));
}

static void time_and_bytes_are_bounded(void **state)
{
	static struct play p;
	static char much[4097];

	(void)state;
	assert_int_equal(begin(&p, &rules, "s3cret"), 0);
	assert_int_equal(expect_wait_ms(&p.e, p.now_ms), EXPECT_STEP_MS);
	assert_int_equal(wait(&p, EXPECT_STEP_MS - 1), EXPECT_WAIT);
	assert_int_equal(wait(&p, 1), EXPECT_GIVE_UP);
	assert_int_equal(p.e.end, EXPECT_END_SLOW);
	/* a device that never stops to speak has never asked */
	to_password(&p, "s3cret");
	for (int i = 0; i < EXPECT_STEP_MS / 100 - 1; i++) {
		assert_int_equal(say(&p, "plc>"), EXPECT_WAIT);
		assert_int_equal(wait(&p, 100), EXPECT_WAIT);
	}
	assert_int_equal(wait(&p, 100), EXPECT_GIVE_UP);
	assert_int_equal(p.e.end, EXPECT_END_SLOW);
	memset(much, 'x', sizeof(much) - 1);
	assert_int_equal(begin(&p, &rules, "s3cret"), 0);
	for (int i = 0; i < EXPECT_BYTES_MAX / 4096; i++)
		assert_int_equal(say(&p, much), EXPECT_WAIT);
	assert_int_equal(say(&p, "login:"), EXPECT_GIVE_UP);
	assert_int_equal(p.e.end, EXPECT_END_MUCH);
	assert_true(wiped(&p));
}

/* A long line's end still counts. */
static void a_prompt_behind_a_long_line(void **state)
{
	static struct play p;
	static char longer[EXPECT_TAIL * 3 + 1];

	(void)state;
	memset(longer, '-', sizeof(longer) - 1);
	assert_int_equal(begin(&p, &rules, "s3cret"), 0);
	assert_int_equal(say(&p, longer), EXPECT_WAIT);
	assert_int_equal(say_and_wait(&p, "login: "), EXPECT_SEND_ACCOUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_login),
		cmocka_unit_test(without_an_account),
		cmocka_unit_test(prompts_in_pieces),
		cmocka_unit_test(a_prompt_within_a_banner),
		cmocka_unit_test(hostile_devices),
		cmocka_unit_test(an_echo_is_not_shown),
		cmocka_unit_test(an_echo_is_not_taken_for_ready),
		cmocka_unit_test(rules_and_secrets_that_can_not_work),
		cmocka_unit_test(time_and_bytes_are_bounded),
		cmocka_unit_test(a_prompt_behind_a_long_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
