/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The telnet protocol as a device speaks it, taken apart: its data on one
 * side, our replies on the other. A state machine without I/O or clock, so
 * that every byte sequence can be tried on it.
 *
 * We ask for nothing and only answer; then each option has two states, and
 * the rule of RFC 1143 is: answer what changes a state or is refused, say
 * nothing to what is so already. No two such machines can talk in a circle.
 * A device that talks in one by itself uses up NEGOTIATE_MAX.
 *
 * Source: RFC 854, 855, 856, 857, 858, 1073, 1091, 1143; threats T-TEL-*.
 */
#ifndef JUMP_TELNET_NEGOTIATE_H
#define JUMP_TELNET_NEGOTIATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TELNET_IAC   255
#define TELNET_DONT  254
#define TELNET_DO    253
#define TELNET_WONT  252
#define TELNET_WILL  251
#define TELNET_SB    250
#define TELNET_BREAK 243
#define TELNET_SE    240

enum telnet_option {
	TELNET_BINARY = 0,
	TELNET_ECHO = 1,
	TELNET_SGA = 3,
	TELNET_TTYPE = 24,
	TELNET_NAWS = 31,
};

/* Of a device in one connection, options and subnegotiations; an honest one
 * needs a dozen. */
#define NEGOTIATE_MAX	  1000
#define NEGOTIATE_SUB_MAX 64 /* bytes of one subnegotiation */
/* The longest reply to one command: WILL NAWS and a size, every byte 255. */
#define NEGOTIATE_REPLY_MAX 16
/* Replies of a whole connection: a queue of this size never overflows. */
#define NEGOTIATE_REPLIES_MAX (NEGOTIATE_MAX * NEGOTIATE_REPLY_MAX)

enum negotiate_fault {
	NEGOTIATE_FINE = 0,
	NEGOTIATE_TOO_MANY, /* commands */
	NEGOTIATE_TOO_LONG, /* a subnegotiation */
	NEGOTIATE_BROKEN,   /* a command within a subnegotiation */
};

struct negotiate {
	uint8_t state; /* where in a command we are */
	uint8_t verb;  /* WILL, WONT, DO or DONT, whose option comes next */
	bool after_cr; /* a NUL now only says that the CR stood alone */
	uint32_t options_us, options_him; /* bits by option: agreed on */
	uint16_t cols, rows;
	unsigned count;
	size_t sub_len;
	uint8_t sub[NEGOTIATE_SUB_MAX];
	enum negotiate_fault fault; /* stays; then nothing is taken any more */
};

/* Bytes for one direction; `len` of them are filled, `size` have room. */
struct telnet_bytes {
	uint8_t *at;
	size_t len, size;
};

void negotiate_begin(struct negotiate *n, unsigned cols, unsigned rows);

/*
 * Takes what the device sent. Its data is added to `data` (never more than
 * `len` bytes), what must be answered to `reply` (which needs room for
 * NEGOTIATE_REPLIES_MAX in all). Returns 0, or -EPROTO with n->fault set:
 * end the connection. -ENOSPC when a buffer is too small, and n is of no use
 * any more.
 */
int negotiate_take(struct negotiate *n, const uint8_t *bytes, size_t len,
	struct telnet_bytes *data, struct telnet_bytes *reply);

/*
 * The terminal has another size: tells the device, if it wanted to know.
 * 0, or -ENOSPC (nothing was added).
 */
int negotiate_resize(struct negotiate *n, unsigned cols, unsigned rows,
	struct telnet_bytes *reply);

/* Do we send without the line ends of RFC 854? */
bool negotiate_binary(const struct negotiate *n);

/* A sentence about the fault, for people. */
const char *negotiate_sentence(enum negotiate_fault fault);

#endif
