/* SPDX-License-Identifier: BSD-2-Clause */
/* One strict UTF-8 decoder and one table of what must not stand in a text. */
#include "approvals/rules/text.h"

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

static const struct {
	uint32_t first, last;
} hidden[] = {
	{0x0000, 0x001F}, /* C0 controls */
	{0x007F, 0x009F}, /* DEL, C1 controls */
	{0x00AD, 0x00AD}, /* soft hyphen */
	{0x034F, 0x034F}, /* grapheme joiner */
	{0x061C, 0x061C}, /* Arabic letter mark */
	{0x115F, 0x1160}, /* Hangul fillers */
	{0x17B4, 0x17B5}, /* Khmer inherent vowels */
	{0x180B, 0x180F}, /* Mongolian selectors */
	{0x200B, 0x200F}, /* zero width, direction marks */
	{0x2028, 0x202E}, /* separators, direction embeddings */
	{0x2060, 0x206F}, /* invisible operators, isolates */
	{0x3164, 0x3164}, /* Hangul filler */
	{0xD800, 0xDFFF}, /* surrogates: no characters */
	{0xFDD0, 0xFDEF}, /* noncharacters */
	{0xFE00, 0xFE0F}, /* variation selectors */
	{0xFEFF, 0xFEFF}, /* byte order mark */
	{0xFFA0, 0xFFA0}, /* Hangul filler */
	{0xFFF0, 0xFFFB}, /* interlinear annotation */
	{0xFFFE, 0xFFFF}, {0xE0000, 0xE0FFF}, /* tags, more selectors */
};

static bool is_hidden(uint32_t point)
{
	for (size_t i = 0; i < ARRAY_LEN(hidden); i++)
		if (point >= hidden[i].first && point <= hidden[i].last)
			return true;
	return (point & 0xFFFE) == 0xFFFE; /* last two of each plane */
}

/* Takes one character; false for what is no UTF-8. */
static bool take(const unsigned char **at, uint32_t *ret_point)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char first = *(*at)++;
	unsigned length = first < 0x80	  ? 1
			  : first >= 0xF0 ? 4
			  : first >= 0xE0 ? 3
					  : 2;
	uint32_t point = length == 1 ? first : first & (0x7Fu >> length);

	if ((first >= 0x80 && first < 0xC2) || first > 0xF4)
		return false;
	for (unsigned i = 1; i < length; i++) {
		unsigned char next = **at;

		if ((next & 0xC0) != 0x80) /* the NUL as well */
			return false;
		point = (point << 6) | (next & 0x3F);
		(*at)++;
	}
	*ret_point = point;
	return point >= smallest[length] && point <= 0x10FFFF;
}

bool text_plain(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	uint32_t point;

	while (*at)
		if (!take(&at, &point) || is_hidden(point))
			return false;
	return true;
}
