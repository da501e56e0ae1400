/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a reviewer sees must be what the loader reads: a policy with an
 * invisible "right to left" in it could show another rule than it has.
 */
#include "policy/utf8.h"

#include <stdint.h>

#include "base/cursor.h"

/* One code point, or 0 with c->failed. */
static uint32_t next_point(struct cursor *c)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	uint8_t first = cursor_u8(c);
	unsigned more = first < 0x80   ? 0
			: first < 0xc0 ? 4 /* a tail without a head */
			: first < 0xe0 ? 1
			: first < 0xf0 ? 2
			: first < 0xf8 ? 3
				       : 4;
	uint32_t point = more ? first & (0x3fu >> more) : first;

	if (more > 3)
		c->failed = true;
	for (unsigned i = 0; i < more && !c->failed; i++) {
		uint8_t tail = cursor_u8(c);

		if ((tail & 0xc0) != 0x80)
			c->failed = true;
		point = (point << 6) | (tail & 0x3fu);
	}
	if (c->failed || point < least[more] || point > 0x10ffff ||
		(point >= 0xd800 && point < 0xe000)) {
		c->failed = true;
		return 0;
	}
	return point;
}

static bool shows(uint32_t point)
{
	if (point < 0x20)
		return point == '\t';
	if (point >= 0x7f && point < 0xa0)
		return false;
	if (point == 0xad || point == 0x61c || point == 0xfeff)
		return false;
	if (point >= 0x200b && point <= 0x200f)
		return false;
	return !(point >= 0x2028 && point <= 0x202e) &&
	       !(point >= 0x2060 && point <= 0x206f) &&
	       !(point >= 0xfff0 && point <= 0xfffb) && point < 0xe0000;
}

bool utf8_is_plain(const char *bytes, size_t len)
{
	struct cursor c;

	cursor_init(&c, bytes, len);
	while (cursor_left(&c) > 0) {
		uint32_t point = next_point(&c);

		if (c.failed || !shows(point))
			return false;
	}
	return true;
}

bool ascii_is_plain(const char *text)
{
	for (; *text; text++) {
		if ((*text < 0x20 && *text != '\t') || *text > 0x7e)
			return false;
	}
	return true;
}
