/* SPDX-License-Identifier: BSD-2-Clause */
#include "telnet/keyboard.h"

#include <errno.h>
#include <string.h>

static int put(struct telnet_bytes *out, const void *bytes, size_t len)
{
	if (out->size - out->len < len)
		return -ENOSPC;
	memcpy(out->at + out->len, bytes, len);
	out->len += len;
	return 0;
}

static int put_byte(struct telnet_bytes *out, uint8_t byte)
{
	const uint8_t both[] = {byte, byte};

	return put(out, both, byte == TELNET_IAC ? 2 : 1);
}

static int put_line_end(
	const struct keyboard *k, bool binary, struct telnet_bytes *out)
{
	switch (k->line_end) {
	case LINE_END_CRLF:
		return put(out, "\r\n", 2);
	case LINE_END_LF:
		return put(out, "\n", 1);
	case LINE_END_CR:
		return put(out, "\r", 1);
	default: /* RFC 854; RFC 856 has no padding */
		return put(out, "\r", binary ? 1 : 2);
	}
}

static bool ends_line(const struct keyboard *k, uint8_t byte)
{
	return byte == '\r' || (byte == '\n' && !k->terminal);
}

static int plain(
	struct keyboard *k, uint8_t byte, bool binary, struct telnet_bytes *out)
{
	bool second = byte == '\n' && k->after_cr && !k->terminal;

	k->after_cr = byte == '\r';
	if (second) /* CR LF of a file is one line end */
		return 0;
	k->inside = byte != '\r' && byte != '\n';
	return ends_line(k, byte) ? put_line_end(k, binary, out)
				  : put_byte(out, byte);
}

static int escape(
	struct keyboard *k, uint8_t byte, bool binary, struct telnet_bytes *out)
{
	static const uint8_t brk[] = {TELNET_IAC, TELNET_BREAK};
	int r;

	k->escaped = false;
	switch (byte) {
	case '.':
		return KEYBOARD_LEAVE;
	case '?':
		return KEYBOARD_HELP;
	case 'B':
		return put(out, brk, sizeof(brk));
	case KEYBOARD_ESCAPE:
		return plain(k, byte, binary, out);
	default: /* it was none */
		r = plain(k, KEYBOARD_ESCAPE, binary, out);
		return r < 0 ? r : plain(k, byte, binary, out);
	}
}

int keyboard_take(
	struct keyboard *k, uint8_t byte, bool binary, struct telnet_bytes *out)
{
	if (out->size - out->len < KEYBOARD_GROWTH)
		return -ENOSPC;
	if (k->escaped)
		return escape(k, byte, binary, out);
	if (k->terminal && !k->inside && byte == KEYBOARD_ESCAPE) {
		k->escaped = true;
		return KEYBOARD_GO;
	}
	return plain(k, byte, binary, out);
}

int keyboard_line(const struct keyboard *k, const void *bytes, size_t len,
	bool binary, struct telnet_bytes *out)
{
	const uint8_t *at = bytes;
	int r = 0;

	for (size_t i = 0; r == 0 && i < len; i++)
		r = put_byte(out, at[i]);
	return r < 0 ? r : put_line_end(k, binary, out);
}
