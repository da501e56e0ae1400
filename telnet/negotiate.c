/* SPDX-License-Identifier: BSD-2-Clause */
#include "telnet/negotiate.h"

#include <errno.h>
#include <string.h>

#define TTYPE_IS   0
#define TTYPE_SEND 1
/* What everything knows, and what says nothing about the person. */
#define TTYPE_NAME  "VT100"

#define BIT(option) (1u << (option))

/* What a device may do, and what we may do when it asks for it. */
#define HIS_OPTIONS (BIT(TELNET_BINARY) | BIT(TELNET_ECHO) | BIT(TELNET_SGA))
#define OUR_OPTIONS                                                            \
	(BIT(TELNET_BINARY) | BIT(TELNET_SGA) | BIT(TELNET_TTYPE) |            \
		BIT(TELNET_NAWS))

enum state {
	STATE_DATA = 0,
	STATE_IAC,
	STATE_OPTION, /* of the verb */
	STATE_SUB,
	STATE_SUB_IAC,
};

void negotiate_begin(struct negotiate *n, unsigned cols, unsigned rows)
{
	*n = (struct negotiate){.cols = (uint16_t)cols, .rows = (uint16_t)rows};
}

bool negotiate_binary(const struct negotiate *n)
{
	return n->options_us & BIT(TELNET_BINARY);
}

static int put(struct telnet_bytes *to, const void *bytes, size_t len)
{
	if (to->size - to->len < len)
		return -ENOSPC;
	memcpy(to->at + to->len, bytes, len);
	to->len += len;
	return 0;
}

static int fail(struct negotiate *n, enum negotiate_fault fault)
{
	n->fault = fault;
	return -EPROTO;
}

/* What may have an answer is one. A NOP that keeps a connection alive or the
 * GA behind each line has none, and comes as long as the session lasts. */
static int count(struct negotiate *n)
{
	if (n->count >= NEGOTIATE_MAX)
		return fail(n, NEGOTIATE_TOO_MANY);
	n->count++;
	return 0;
}

static int say(struct telnet_bytes *reply, uint8_t verb, uint8_t option)
{
	const uint8_t bytes[] = {TELNET_IAC, verb, option};

	return put(reply, bytes, sizeof(bytes));
}

static size_t put_number(uint8_t *to, uint16_t number)
{
	const uint8_t bytes[] = {(uint8_t)(number >> 8), (uint8_t)number};
	size_t len = 0;

	for (size_t i = 0; i < sizeof(bytes); i++) {
		to[len++] = bytes[i];
		if (bytes[i] == TELNET_IAC)
			to[len++] = TELNET_IAC;
	}
	return len;
}

static int say_size(const struct negotiate *n, struct telnet_bytes *reply)
{
	uint8_t bytes[13] = {TELNET_IAC, TELNET_SB, TELNET_NAWS};
	size_t len = 3;

	len += put_number(bytes + len, n->cols);
	len += put_number(bytes + len, n->rows);
	bytes[len++] = TELNET_IAC;
	bytes[len++] = TELNET_SE;
	return put(reply, bytes, len);
}

static int say_terminal(struct telnet_bytes *reply)
{
	static const char name[] = TTYPE_NAME;
	uint8_t bytes[4 + sizeof(name) - 1 + 2] = {
		TELNET_IAC, TELNET_SB, TELNET_TTYPE, TTYPE_IS};

	_Static_assert(sizeof(bytes) <= NEGOTIATE_REPLY_MAX, "a reply's room");
	memcpy(bytes + 4, name, sizeof(name) - 1);
	bytes[sizeof(bytes) - 2] = TELNET_IAC;
	bytes[sizeof(bytes) - 1] = TELNET_SE;
	return put(reply, bytes, sizeof(bytes));
}

/*
 * One side of one option. A wish for what is so already gets no answer, one
 * for what is not carried gets a no, and a wish to end something always a
 * yes.
 */
static int agree(uint32_t *agreed, uint32_t possible, uint8_t option, bool on,
	bool *ret_on)
{
	uint32_t bit = option < 32 ? BIT(option) : 0;

	*ret_on = on && (possible & bit);
	if (!on && !(*agreed & bit))
		return 0;
	if (on && (*agreed & bit))
		return 0;
	*agreed = *ret_on ? *agreed | bit : *agreed & ~bit;
	return 1;
}

static int on_option(
	struct negotiate *n, uint8_t option, struct telnet_bytes *reply)
{
	bool on;
	int r;

	if (n->verb == TELNET_WILL || n->verb == TELNET_WONT) {
		if (!agree(&n->options_him, HIS_OPTIONS, option,
			    n->verb == TELNET_WILL, &on))
			return 0;
		return say(reply, on ? TELNET_DO : TELNET_DONT, option);
	}
	if (!agree(&n->options_us, OUR_OPTIONS, option, n->verb == TELNET_DO,
		    &on))
		return 0;
	r = say(reply, on ? TELNET_WILL : TELNET_WONT, option);
	if (r == 0 && on && option == TELNET_NAWS)
		r = say_size(n, reply);
	return r;
}

/* Of all that could stand in one, a single question has an answer. */
static int on_sub(struct negotiate *n, struct telnet_bytes *reply)
{
	n->state = STATE_DATA;
	if (n->sub_len == 2 && n->sub[0] == TELNET_TTYPE &&
		n->sub[1] == TTYPE_SEND && (n->options_us & BIT(TELNET_TTYPE)))
		return say_terminal(reply);
	return 0;
}

static int sub_add(struct negotiate *n, uint8_t byte)
{
	if (n->sub_len == sizeof(n->sub))
		return fail(n, NEGOTIATE_TOO_LONG);
	n->sub[n->sub_len++] = byte;
	n->state = STATE_SUB;
	return 0;
}

static int on_command(
	struct negotiate *n, uint8_t byte, struct telnet_bytes *data)
{
	n->state = STATE_DATA;
	if (byte == TELNET_IAC) {
		n->after_cr = false;
		return put(data, &byte, 1);
	}
	if (byte < TELNET_SB) /* nothing that we would do */
		return 0;
	if (count(n) < 0)
		return -EPROTO;
	if (byte >= TELNET_WILL) {
		n->verb = byte;
		n->state = STATE_OPTION;
	} else {
		n->sub_len = 0;
		n->state = STATE_SUB;
	}
	return 0;
}

/* RFC 854: a CR that stands alone is sent as CR NUL. */
static int on_data(struct negotiate *n, uint8_t byte, struct telnet_bytes *data)
{
	bool padding = n->after_cr && byte == '\0' &&
		       !(n->options_him & BIT(TELNET_BINARY));

	n->after_cr = byte == '\r';
	return padding ? 0 : put(data, &byte, 1);
}

static int on_byte(struct negotiate *n, uint8_t byte, struct telnet_bytes *data,
	struct telnet_bytes *reply)
{
	switch (n->state) {
	case STATE_DATA:
		if (byte != TELNET_IAC)
			return on_data(n, byte, data);
		n->state = STATE_IAC;
		return 0;
	case STATE_IAC:
		return on_command(n, byte, data);
	case STATE_OPTION:
		n->state = STATE_DATA;
		return on_option(n, byte, reply);
	case STATE_SUB:
		if (byte != TELNET_IAC)
			return sub_add(n, byte);
		n->state = STATE_SUB_IAC;
		return 0;
	default: /* STATE_SUB_IAC */
		if (byte == TELNET_SE)
			return on_sub(n, reply);
		return byte == TELNET_IAC ? sub_add(n, byte)
					  : fail(n, NEGOTIATE_BROKEN);
	}
}

int negotiate_take(struct negotiate *n, const uint8_t *bytes, size_t len,
	struct telnet_bytes *data, struct telnet_bytes *reply)
{
	int r = n->fault ? -EPROTO : 0;

	for (size_t i = 0; r == 0 && i < len; i++)
		r = on_byte(n, bytes[i], data, reply);
	return r;
}

int negotiate_resize(struct negotiate *n, unsigned cols, unsigned rows,
	struct telnet_bytes *reply)
{
	bool same = n->cols == cols && n->rows == rows;

	n->cols = (uint16_t)cols;
	n->rows = (uint16_t)rows;
	if (same || !(n->options_us & BIT(TELNET_NAWS)))
		return 0;
	return say_size(n, reply);
}

const char *negotiate_sentence(enum negotiate_fault fault)
{
	switch (fault) {
	case NEGOTIATE_TOO_MANY:
		return "the device does not stop to negotiate";
	case NEGOTIATE_TOO_LONG:
	case NEGOTIATE_BROKEN:
		return "what the device sends is not telnet";
	default:
		return "telnet failed";
	}
}
