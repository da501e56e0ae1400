/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a person types on its way to the device: line ends as the device
 * wants them, byte 255 doubled, and the escapes at the beginning of a line,
 * which are those of ssh. A state machine without I/O.
 */
#ifndef JUMP_TELNET_KEYBOARD_H
#define JUMP_TELNET_KEYBOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/policy.h"
#include "telnet/negotiate.h"

#define KEYBOARD_ESCAPE '~'

enum keyboard_wish {
	KEYBOARD_GO = 0,
	KEYBOARD_HELP,	/* ~? */
	KEYBOARD_LEAVE, /* ~. */
};

struct keyboard {
	enum line_end line_end;
	bool terminal; /* else a file: no escapes, and LF ends a line */
	bool inside;   /* of a line: an escape here is none */
	bool escaped;  /* the last byte was one */
	bool after_cr;
};

/* At most so many bytes are sent for one that was typed. */
#define KEYBOARD_GROWTH 4

/*
 * Takes one byte. `binary`: as negotiate_binary() has it now. `out` needs
 * room for KEYBOARD_GROWTH bytes, else -ENOSPC. Returns an enum
 * keyboard_wish.
 */
int keyboard_take(struct keyboard *k, uint8_t byte, bool binary,
	struct telnet_bytes *out);

/* A line of ours (an account, a password), with the line end. 0 or -ENOSPC. */
int keyboard_line(const struct keyboard *k, const void *bytes, size_t len,
	bool binary, struct telnet_bytes *out);

#endif
