/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpctl/termsafe.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
	GROUND = 0,
	ESCAPE,
	BETWEEN,
	CONTROL,
	STRING,
	STRING_END,
	HIGH, /* the first byte of U+0080 to U+00BF came */
};

#define BEL 0x07
#define ESC 0x1b

const char termsafe_reset[] = "\033[?1049l\033[?25h\033[?7h\033[r\033[0m\r\n";

static void hold(struct termsafe *t, uint8_t c)
{
	if (t->len < sizeof(t->sequence))
		t->sequence[t->len] = c;
	t->len++;
}

/* Private modes of the screen: wrap, origin, cursor, alternate screens. */
static bool mode_draws(const struct termsafe *t)
{
	static const long modes[] = {5, 6, 7, 12, 25, 47, 1047, 1048, 1049};
	char number[TERMSAFE_SEQUENCE_MAX], *end;
	long mode;

	/* "ESC [ ? NUMBER h": one number, or it is dropped */
	memcpy(number, t->sequence + 3, t->len - 4);
	number[t->len - 4] = '\0';
	mode = strtol(number, &end, 10);
	if (end == number || *end)
		return false;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (modes[i] == mode)
			return true;
	}
	return false;
}

/* A whole control sequence: does it only draw? */
static bool control_draws(const struct termsafe *t)
{
	static const char finals[] = "@ABCDEFGHIJKLMPSTXZ`abdefgmrsu";
	uint8_t final;

	if (t->len > sizeof(t->sequence) || t->len < 3)
		return false;
	final = t->sequence[t->len - 1];
	if (t->sequence[2] == '?')
		return (final == 'h' || final == 'l') && t->len > 4 &&
		       mode_draws(t);
	for (size_t i = 2; i + 1 < t->len; i++) {
		uint8_t c = t->sequence[i];

		if (!(c >= '0' && c <= '9') && c != ';' && c != ':')
			return false;
	}
	if (final == 'h' || final == 'l')
		return t->len == 4 && t->sequence[2] == '4'; /* insert */
	return final && strchr(finals, final);
}

/* ESC and one more: saved cursor, index, reverse index, next line. */
static bool escape_draws(const struct termsafe *t)
{
	static const char finals[] = "78DEHM";

	if (t->len == 2)
		return strchr(finals, t->sequence[1]) != NULL;
	/* character sets: "ESC ( B" */
	return t->len == 3 && t->sequence[1] && t->sequence[2] &&
	       strchr("()*+", t->sequence[1]) && strchr("AB0", t->sequence[2]);
}

static size_t judge(struct termsafe *t, bool draws, uint8_t *out)
{
	size_t len = draws ? t->len : 0;

	memcpy(out, t->sequence, len);
	t->len = 0;
	t->state = GROUND;
	return len;
}

static size_t in_ground(struct termsafe *t, uint8_t c, uint8_t *out)
{
	if (c == ESC) {
		t->state = ESCAPE;
		t->len = 0;
		hold(t, c);
		return 0;
	}
	if (c == 0xc2) {
		t->state = HIGH;
		return 0;
	}
	if ((c < 0x20 && !(c >= BEL && c <= '\r')) || c == 0x7f)
		return 0;
	*out = c;
	return 1;
}

/* U+0080 to U+009F are control characters, U+009B even begins a sequence. */
static size_t in_high(struct termsafe *t, uint8_t c, uint8_t *out)
{
	t->state = GROUND;
	if (c < 0x80 || c > 0xbf)
		return in_ground(t, c, out);
	if (c <= 0x9f)
		return 0;
	out[0] = 0xc2;
	out[1] = c;
	return 2;
}

static size_t in_escape(struct termsafe *t, uint8_t c, uint8_t *out)
{
	hold(t, c);
	if (c == '[') {
		t->state = CONTROL;
	} else if (c == ']' || c == 'P' || c == '_' || c == '^' || c == 'X') {
		t->state = STRING;
	} else if (c >= 0x20 && c <= 0x2f) {
		t->state = BETWEEN;
	} else {
		return judge(t, escape_draws(t), out);
	}
	return 0;
}

/* Within a sequence: a control character breaks it off. */
static size_t in_sequence(struct termsafe *t, uint8_t c, uint8_t *out)
{
	bool control = t->state == CONTROL;

	if (c < 0x20 || c > 0x7e) {
		(void)judge(t, false, out);
		return in_ground(t, c, out);
	}
	hold(t, c);
	if (control ? c >= 0x40 : c >= 0x30)
		return judge(
			t, control ? control_draws(t) : escape_draws(t), out);
	return 0;
}

static void in_string(struct termsafe *t, uint8_t c)
{
	if (c == ESC)
		t->state = STRING_END;
	else if (c == BEL || c == 0x18 || c == 0x1a)
		t->state = GROUND;
	else
		t->state = STRING;
}

static size_t step(struct termsafe *t, uint8_t c, uint8_t *out)
{
	switch (t->state) {
	case GROUND:
		return in_ground(t, c, out);
	case ESCAPE:
		if (c == ESC || c < 0x20 || c > 0x7e) {
			(void)judge(t, false, out);
			return in_ground(t, c, out);
		}
		return in_escape(t, c, out);
	case BETWEEN:
	case CONTROL:
		return in_sequence(t, c, out);
	case HIGH:
		return in_high(t, c, out);
	case STRING:
		in_string(t, c);
		return 0;
	default: /* STRING_END: a backslash ends it, all else begins anew */
		t->state = GROUND;
		if (c == '\\')
			return 0;
		t->len = 0;
		hold(t, ESC);
		t->state = ESCAPE;
		return step(t, c, out);
	}
}

size_t termsafe_filter(
	struct termsafe *t, const uint8_t *in, size_t len, uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += step(t, in[i], out + n);
	return n;
}
