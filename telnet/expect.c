/* SPDX-License-Identifier: BSD-2-Clause */
#include "telnet/expect.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

#define ESCAPE 0x1b
#define BELL   0x07

enum sequence {
	SEQUENCE_NONE = 0,
	SEQUENCE_BEGUN,
	SEQUENCE_CSI,
	SEQUENCE_STRING,       /* a title and the like */
	SEQUENCE_STRING_ESCAPE /* its end may have begun */
};

static void over(struct expect *e, enum expect_end end)
{
	secret_wipe(&e->secret);
	e->held = e->hidden = 0;
	e->state = EXPECT_OVER;
	e->end = end;
}

/* No rule, no match. */
static bool ends_with(const char *text, size_t len, const char *rule)
{
	size_t n = strlen(rule);

	return n > 0 && len >= n && memcmp(text + len - n, rule, n) == 0;
}

/* Blanks at the end of a prompt are seen by nobody. */
static size_t trimmed(const char *text, size_t len)
{
	while (len > 0 && text[len - 1] == ' ')
		len--;
	return len;
}

static bool line_is(const char *text, size_t len, const char *rule)
{
	return ends_with(text, trimmed(text, len), rule);
}

static bool is_control(uint8_t byte)
{
	return byte < 0x20 || byte == 0x7f;
}

static int take_rule(char rule[EXPECT_RULE_SIZE])
{
	size_t len = strnlen(rule, EXPECT_RULE_SIZE);

	if (len == EXPECT_RULE_SIZE)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (is_control((uint8_t)rule[i]))
			return -EINVAL;
	}
	rule[trimmed(rule, len)] = '\0';
	return 0;
}

/* Each says something else: none can be taken for another. */
static int take_rules(struct expect_rules *r)
{
	char *all[] = {r->user, r->password, r->ready, r->failed};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (take_rule(all[i]) < 0 || ((i == 1 || i == 2) && !all[i][0]))
			return -EINVAL;
	}
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		for (size_t j = 0; j < ARRAY_LEN(all); j++) {
			if (i != j && ends_with(all[i], strlen(all[i]), all[j]))
				return -EINVAL;
		}
	}
	return 0;
}

/* Stands where the password stood; so it must be none of its characters, or
 * what is left on both sides could be the password again. */
static uint8_t mask_for(const struct secret *s)
{
	for (uint8_t mask = '*'; mask < 0x7f; mask++) {
		if (!memchr(s->bytes, mask, s->len))
			return mask;
	}
	return 0;
}

static int judge_secret(const struct secret *s, const char *ready)
{
	size_t ready_len = strlen(ready);

	if (s->len == 0 || s->len > SECRET_CAPACITY || !mask_for(s))
		return -EINVAL;
	for (size_t i = 0; i < s->len; i++) {
		if (is_control(s->bytes[i]))
			return -EINVAL;
	}
	for (size_t n = 1; n <= ready_len && n <= s->len; n++) {
		if (memcmp(ready + ready_len - n, s->bytes, n) == 0)
			return -EEXIST;
	}
	return 0;
}

int expect_begin(
	struct expect *e, const struct expect_rules *rules, int64_t now_ms)
{
	int r;

	*e = (struct expect){.rules = *rules,
		.until_ms = now_ms + EXPECT_STEP_MS,
		.heard_ms = now_ms};
	r = take_rules(&e->rules);
	if (r < 0)
		return r;
	e->state = e->rules.user[0] ? EXPECT_USER : EXPECT_PASSWORD;
	return 0;
}

int expect_arm(struct expect *e, const struct secret *secret)
{
	int r = e->state == EXPECT_READY && e->secret.len == 0 ? 0 : -EINVAL;

	if (r == 0)
		r = judge_secret(secret, e->rules.ready);
	if (r == 0)
		r = secret_set(&e->secret, secret->bytes, secret->len);
	if (r < 0)
		over(e, EXPECT_END_RULES);
	else
		e->mask = mask_for(&e->secret);
	return r;
}

void expect_done(struct expect *e)
{
	over(e, e->end);
}

/* Is it a character that stands on the screen? What moves the cursor, sets
 * colours or the title is not. */
static bool on_screen(struct expect *e, uint8_t byte)
{
	switch (e->sequence) {
	case SEQUENCE_BEGUN:
		if (byte == '[')
			e->sequence = SEQUENCE_CSI;
		else if (strchr("]PX^_", byte) && byte)
			e->sequence = SEQUENCE_STRING;
		else if (byte < 0x20 || byte > 0x2f)
			e->sequence = SEQUENCE_NONE;
		return false;
	case SEQUENCE_CSI:
		if (byte < 0x20 || byte > 0x3f)
			e->sequence = SEQUENCE_NONE;
		return false;
	case SEQUENCE_STRING:
	case SEQUENCE_STRING_ESCAPE:
		if (byte == BELL || is_control(byte) ||
			e->sequence == SEQUENCE_STRING_ESCAPE)
			e->sequence = SEQUENCE_NONE;
		if (byte == ESCAPE)
			e->sequence = SEQUENCE_STRING_ESCAPE;
		return false;
	default:
		if (byte == ESCAPE)
			e->sequence = SEQUENCE_BEGUN;
		return !is_control(byte);
	}
}

static void tail_add(struct expect *e, uint8_t byte)
{
	if (e->tail_len == sizeof(e->tail)) {
		e->tail_len = sizeof(e->tail) / 2;
		memmove(e->tail, e->tail + sizeof(e->tail) - e->tail_len,
			e->tail_len);
	}
	e->tail[e->tail_len++] = (char)byte;
}

/* The last line as it came, with what is held back of it. */
static size_t whole_tail(
	const struct expect *e, char ret[EXPECT_TAIL + SECRET_CAPACITY])
{
	memcpy(ret, e->tail, e->tail_len);
	memcpy(ret + e->tail_len, e->secret.bytes, e->held);
	return e->tail_len + e->held;
}

static void end_line(struct expect *e)
{
	char line[EXPECT_TAIL + SECRET_CAPACITY];
	size_t len = whole_tail(e, line);

	e->refused |= line_is(line, len, e->rules.failed);
	explicit_bzero(line, sizeof(line));
	e->tail_len = 0;
}

static void show(struct telnet_bytes *shown, uint8_t byte)
{
	shown->at[shown->len++] = byte;
}

/* The longest part of the secret that what is held ends with. */
static size_t shorter(const struct expect *e)
{
	size_t n = e->held - 1;

	while (n > 0 &&
		memcmp(e->secret.bytes, e->secret.bytes + e->held - n, n) != 0)
		n--;
	return n;
}

/* The first of what is held are no part of the secret after all. */
static void release(struct expect *e, struct telnet_bytes *shown)
{
	size_t left = shorter(e), out = e->held - left;

	for (size_t i = 0; i < out; i++) {
		tail_add(e, e->secret.bytes[i]);
		if (i >= e->hidden)
			show(shown, e->secret.bytes[i]);
	}
	e->hidden = e->hidden > out ? e->hidden - out : 0;
	e->held = left;
}

static void filter_shown(
	struct expect *e, uint8_t byte, struct telnet_bytes *shown)
{
	tail_add(e, byte);
	if (!e->skipping)
		show(shown, byte);
}

static void filter_character(
	struct expect *e, uint8_t byte, struct telnet_bytes *shown)
{
	while (e->held > 0 && e->secret.bytes[e->held] != byte)
		release(e, shown);
	if (e->secret.bytes[e->held] != byte) {
		filter_shown(e, byte, shown);
		return;
	}
	e->held++;
	if (e->skipping)
		e->hidden = e->held;
	if (e->held < e->secret.len)
		return;
	e->held = e->hidden = 0;
	filter_shown(e, e->mask, shown);
}

static void filter(struct expect *e, uint8_t byte, struct telnet_bytes *shown)
{
	if (on_screen(e, byte)) {
		filter_character(e, byte, shown);
		return;
	}
	if (byte == '\r' || byte == '\n') {
		end_line(e);
		e->skipping = false;
		show(shown, byte);
	}
}

static void watch(struct expect *e, uint8_t byte, struct telnet_bytes *shown)
{
	show(shown, byte);
	if (on_screen(e, byte))
		tail_add(e, byte);
	else if (byte == '\r' || byte == '\n')
		end_line(e);
}

int expect_take(struct expect *e, const uint8_t *bytes, size_t len,
	int64_t now_ms, struct telnet_bytes *shown)
{
	if (shown->size - shown->len < len + SECRET_CAPACITY)
		return -ENOSPC;
	if (e->state == EXPECT_DONE) {
		memcpy(shown->at + shown->len, bytes, len);
		shown->len += len;
		return 0;
	}
	if (e->state == EXPECT_OVER || len == 0)
		return 0;
	if (e->state == EXPECT_READY && e->secret.len == 0)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (e->state == EXPECT_READY)
			filter(e, bytes[i], shown);
		else
			watch(e, bytes[i], shown);
	}
	e->bytes += len;
	e->heard_ms = now_ms;
	e->fresh = true;
	return 0;
}

static enum expect_act give_up(struct expect *e, enum expect_end end)
{
	over(e, end);
	return EXPECT_GIVE_UP;
}

static enum expect_act send(
	struct expect *e, enum expect_state next, int64_t now_ms)
{
	e->state = next;
	e->until_ms = now_ms + EXPECT_STEP_MS;
	e->tail_len = 0;
	e->sequence = SEQUENCE_NONE;
	if (next == EXPECT_PASSWORD)
		return EXPECT_SEND_ACCOUNT;
	if (e->sent) /* can't be: one way leads here, and none leads back */
		return give_up(e, EXPECT_END_ORDER);
	e->sent = e->skipping = true;
	return EXPECT_SEND_PASSWORD;
}

enum seen { SEEN_NONE = 0, SEEN_USER, SEEN_PASSWORD, SEEN_READY, SEEN_FAILED };

/* Which rule the last line ends with; they exclude each other. */
static enum seen look(const struct expect *e)
{
	char line[EXPECT_TAIL + SECRET_CAPACITY];
	size_t len = whole_tail(e, line);
	enum seen seen = SEEN_NONE;

	if (line_is(line, len, e->rules.failed))
		seen = SEEN_FAILED;
	else if (line_is(line, len, e->rules.password))
		seen = SEEN_PASSWORD;
	else if (line_is(line, len, e->rules.user))
		seen = SEEN_USER;
	else if (trimmed(line, len) <= e->tail_len &&
		 line_is(e->tail, e->tail_len, e->rules.ready))
		seen = SEEN_READY;
	explicit_bzero(line, sizeof(line));
	return seen;
}

static enum expect_act let_in(struct expect *e)
{
	over(e, EXPECT_END_NONE);
	e->state = EXPECT_DONE;
	return EXPECT_LET_IN;
}

/* Nobody was told an account yet that could be refused. */
static enum expect_act refused(struct expect *e)
{
	return give_up(e,
		e->state == EXPECT_USER ? EXPECT_END_ORDER : EXPECT_END_FAILED);
}

static enum expect_act after_quiet(struct expect *e, int64_t now_ms)
{
	enum seen seen = look(e);

	e->fresh = false;
	if (seen == SEEN_NONE)
		return EXPECT_WAIT;
	if (e->state == EXPECT_USER && seen == SEEN_USER)
		return send(e, EXPECT_PASSWORD, now_ms);
	if (e->state == EXPECT_PASSWORD && seen == SEEN_PASSWORD)
		return send(e, EXPECT_READY, now_ms);
	if (seen == SEEN_FAILED)
		return refused(e);
	if (e->state != EXPECT_READY)
		return give_up(e, EXPECT_END_ORDER);
	return seen == SEEN_READY ? let_in(e) : refused(e);
}

enum expect_act expect_look(struct expect *e, int64_t now_ms)
{
	if (e->state == EXPECT_DONE)
		return EXPECT_WAIT;
	if (e->state == EXPECT_OVER)
		return EXPECT_GIVE_UP;
	if (e->refused)
		return refused(e);
	if (e->bytes > EXPECT_BYTES_MAX)
		return give_up(e, EXPECT_END_MUCH);
	if (now_ms >= e->until_ms)
		return give_up(e, EXPECT_END_SLOW);
	if (e->fresh && now_ms - e->heard_ms >= EXPECT_QUIET_MS)
		return after_quiet(e, now_ms);
	return EXPECT_WAIT;
}

int expect_wait_ms(const struct expect *e, int64_t now_ms)
{
	int64_t at_ms = e->until_ms;

	if (e->state == EXPECT_DONE)
		return -1;
	if (e->state == EXPECT_OVER)
		return 0;
	if (e->fresh && e->heard_ms + EXPECT_QUIET_MS < at_ms)
		at_ms = e->heard_ms + EXPECT_QUIET_MS;
	return at_ms <= now_ms ? 0 : (int)(at_ms - now_ms);
}

const char *expect_sentence(enum expect_end end)
{
	switch (end) {
	case EXPECT_END_FAILED:
		return "the device refused the account or the password that "
		       "is kept for it";
	case EXPECT_END_ORDER:
		return "the device did not ask as the policy says it does";
	case EXPECT_END_SLOW:
		return "the device did not ask, or did not answer, in time";
	case EXPECT_END_MUCH:
		return "the device sent too much before it was ready";
	case EXPECT_END_RULES:
		return "the policy's words for this device, or its password, "
		       "can't be told apart";
	default:
		return "the login ended";
	}
}
