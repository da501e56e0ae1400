/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/vtstate.h"

enum {
	GROUND = 0,
	ESCAPE,	    /* ESC came */
	BETWEEN,    /* ESC and intermediate bytes: "ESC ( B" */
	CONTROL,    /* CSI: up to its final byte */
	STRING,	    /* OSC, DCS, APC, PM, SOS: up to ST or BEL */
	STRING_END, /* ESC within one */
};

#define BEL    0x07
#define CANCEL 0x18
#define SUB    0x1a
#define ESC    0x1b

static uint8_t after_escape(uint8_t c)
{
	switch (c) {
	case '[':
		return CONTROL;
	case ']':
	case 'P':
	case '_':
	case '^':
	case 'X':
		return STRING;
	default:
		return c >= 0x20 && c <= 0x2f ? BETWEEN : GROUND;
	}
}

static uint8_t in_ground(struct vtstate *v, uint8_t c)
{
	if (v->pending > 0 && (c & 0xc0) == 0x80) {
		v->pending--;
		return GROUND;
	}
	v->pending = 0;
	if (c >= 0xc2 && c <= 0xdf)
		v->pending = 1;
	else if (c >= 0xe0 && c <= 0xef)
		v->pending = 2;
	else if (c >= 0xf0 && c <= 0xf4)
		v->pending = 3;
	return c == ESC ? ESCAPE : GROUND;
}

static uint8_t next(struct vtstate *v, uint8_t c)
{
	if (c == CANCEL || c == SUB)
		return GROUND;
	switch (v->state) {
	case GROUND:
		return in_ground(v, c);
	case ESCAPE:
		return c == ESC ? ESCAPE : after_escape(c);
	case BETWEEN:
		if (c == ESC)
			return ESCAPE;
		return c >= 0x30 && c <= 0x7e ? GROUND : BETWEEN;
	case CONTROL:
		if (c == ESC)
			return ESCAPE;
		return c >= 0x40 && c <= 0x7e ? GROUND : CONTROL;
	case STRING:
		if (c == ESC)
			return STRING_END;
		return c == BEL ? GROUND : STRING;
	default: /* STRING_END */
		if (c == '\\')
			return GROUND;
		return c == ESC ? STRING_END : after_escape(c);
	}
}

void vtstate_feed(struct vtstate *v, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < len; i++)
		v->state = next(v, at[i]);
}

bool vtstate_ground(const struct vtstate *v)
{
	return v->state == GROUND && v->pending == 0;
}
