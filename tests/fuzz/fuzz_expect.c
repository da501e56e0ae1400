/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device that says what it wants, when it wants, to the login dialogue. The
 * first byte picks rules and password; then each byte is an act: some bytes
 * as they are, a rule's text, a piece of the password, a line end, or time.
 *
 * Promises, looked at from outside: the password is given once at most, and
 * only at the end of a line that ends as the rule says, after silence; nobody
 * is let in before; between the two, what is shown does not have it; it is
 * gone afterwards; and what gave up stays so.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "telnet/expect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEARD_MAX (EXPECT_BYTES_MAX * 2)
#define PIECE_MAX 64

static const struct {
	struct expect_rules rules;
	const char *secret;
} cases[] = {
	{{"login:", "Password:", ">", "incorrect"}, "s3cret"},
	{{"", "Password:", "$", "failed"}, "aabaab"},
	{{"Username:", "word:", "plc#", "Access denied"}, "ab ab#c"},
	{{"u", "p", "r", "f"}, "*+*+uupf"},
	{{"login:", "Password:", "ready", "no"}, "x"},
	{{"", "\xc3\xa4:", "] ", "!"}, "\xc3\xa4\xff\xc3\xa4\xff"},
};

static void must(bool promise)
{
	if (!promise)
		abort();
}

static struct play {
	struct expect e;
	const struct expect_rules *rules;
	const char *secret;
	int64_t now_ms, heard_ms;
	bool sent, in, over;
	size_t heard, shown_before; /* the secret was sent */
	uint8_t heard_room[HEARD_MAX];
	uint8_t room[HEARD_MAX + 2 * SECRET_CAPACITY];
	struct telnet_bytes shown;
} play;

/* The end of what has come, by the simplest reading there is: characters
 * after the last line end, blanks at the end cut off, sequences left in. */
static bool prompt_stands_last(const struct play *p, const char *rule)
{
	size_t end = p->heard, n = strlen(rule), got = 0;
	uint8_t last[EXPECT_RULE_SIZE];

	for (size_t i = end; i > 0 && got < n; i--) {
		uint8_t c = p->heard_room[i - 1];

		if (c == '\r' || c == '\n')
			break;
		if (c < 0x20 || c == 0x7f || (c == ' ' && got == 0))
			continue;
		last[n - ++got] = c;
	}
	return got == n && memcmp(last, rule, n) == 0;
}

static bool has_sequences(const struct play *p)
{
	return memchr(p->heard_room, 0x1b, p->heard) != NULL;
}

/* Line ends and the like do not hide it. */
static bool shown_has_secret(const struct play *p)
{
	static uint8_t plain[sizeof(p->room)];
	size_t n = 0, len = strlen(p->secret);

	for (size_t i = p->shown_before; i < p->shown.len; i++) {
		if (p->shown.at[i] >= 0x20)
			plain[n++] = p->shown.at[i];
	}
	return memmem(plain, n, p->secret, len) != NULL;
}

static bool wiped(const struct play *p)
{
	static const struct secret none;

	return memcmp(&p->e.secret, &none, sizeof(none)) == 0;
}

static void give(struct play *p)
{
	struct secret secret;

	must(p->e.secret.len == 0);
	must(secret_set(&secret, p->secret, strlen(p->secret)) == 0);
	must(expect_arm(&p->e, &secret) == 0);
}

static void on_act(struct play *p, enum expect_act act)
{
	switch (act) {
	case EXPECT_SEND_ACCOUNT:
		must(!p->sent && !p->in && p->rules->user[0]);
		must(p->now_ms - p->heard_ms >= EXPECT_QUIET_MS);
		break;
	case EXPECT_SEND_PASSWORD:
		must(!p->sent && !p->in && !p->over);
		must(p->now_ms - p->heard_ms >= EXPECT_QUIET_MS);
		must(has_sequences(p) ||
			prompt_stands_last(p, p->rules->password));
		p->sent = true;
		p->shown_before = p->shown.len;
		give(p);
		break;
	case EXPECT_LET_IN:
		must(p->sent && !p->in && !p->over && wiped(p));
		must(!shown_has_secret(p));
		p->in = true;
		break;
	case EXPECT_GIVE_UP:
		must(!p->in && wiped(p));
		p->over = true;
		break;
	default:
		must(!p->over);
	}
	if (p->sent && !p->in)
		must(!shown_has_secret(p));
}

static void look(struct play *p)
{
	int wait_ms = expect_wait_ms(&p->e, p->now_ms);

	must(wait_ms >= -1 && wait_ms <= EXPECT_STEP_MS);
	on_act(p, expect_look(&p->e, p->now_ms));
	must(wait_ms != 0 || expect_wait_ms(&p->e, p->now_ms) != 0 || p->over);
}

static void say(struct play *p, const void *bytes, size_t len)
{
	if (len == 0 || p->heard + len > HEARD_MAX)
		return;
	memcpy(p->heard_room + p->heard, bytes, len);
	p->heard += len;
	must(expect_take(&p->e, bytes, len, p->now_ms, &p->shown) == 0);
	p->heard_ms = p->now_ms;
	look(p);
}

static void say_text(struct play *p, const char *text)
{
	say(p, text, strlen(text));
}

static void pass(struct play *p, int64_t ms)
{
	p->now_ms += ms;
	look(p);
}

/* Some of the secret: where it begins and how much is in the argument. */
static void say_piece(struct play *p, uint8_t arg)
{
	size_t len = strlen(p->secret), from = (arg >> 3) % len;
	size_t n = 1 + arg % 8;

	say(p, p->secret + from, n > len - from ? len - from : n);
}

static size_t act(struct play *p, const uint8_t *data, size_t size)
{
	const uint8_t op = data[0] & 15, arg = data[0] >> 4;
	size_t n;

	switch (op) {
	case 0:
		n = 1u + arg < size ? 1u + arg : size - 1;
		say(p, data + 1, n);
		return 1 + n;
	case 1:
		say_text(p, p->rules->user);
		break;
	case 2:
		say_text(p, p->rules->password);
		break;
	case 3:
		say_text(p, p->rules->ready);
		break;
	case 4:
		say_text(p, p->rules->failed);
		break;
	case 5:
		say_text(p, p->secret);
		break;
	case 6:
		if (size < 2)
			return size;
		say_piece(p, data[1]);
		return 2;
	case 7:
		say_text(p, arg & 1 ? "\r\n" : "\n");
		break;
	case 8:
		say_text(p, arg & 1 ? " " : "\x1b[1m");
		break;
	case 9:
		pass(p, EXPECT_QUIET_MS);
		break;
	case 10:
		pass(p, 25 * (1 + arg));
		break;
	case 11:
		pass(p, 2500 * arg);
		break;
	default: /* the honest way, so that much begins behind it */
		say_text(p, op & 1 ? p->rules->password : p->rules->user);
		pass(p, EXPECT_QUIET_MS);
	}
	return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct play *p = &play;
	size_t which;

	if (size < 2 || size > 4096)
		return 0;
	which = data[0] % (sizeof(cases) / sizeof(cases[0]));
	p->rules = &cases[which].rules;
	p->secret = cases[which].secret;
	p->now_ms = p->heard_ms = 1;
	p->sent = p->in = p->over = false;
	p->heard = p->shown_before = 0;
	p->shown =
		(struct telnet_bytes){.at = p->room, .size = sizeof(p->room)};
	must(expect_begin(&p->e, p->rules, p->now_ms) == 0);
	for (size_t at = 1; at < size && p->shown.len < HEARD_MAX / 2;)
		at += act(p, data + at, size - at);
	expect_done(&p->e);
	must(wiped(p));
	return 0;
}
