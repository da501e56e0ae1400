/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of names, taken apart and written anew. */
#include "sftp/names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sftp/attrs.h"
#include "sftp/place.h"

#define ENTRY_BYTES_MIN 12 /* two lengths and the flags of attributes */

static bool name_is_harmless(struct bytes name)
{
	return name.len > 0 && name.len <= NAMES_NAME_MAX &&
		!memchr(name.data, '/', name.len) &&
		!memchr(name.data, '\\', name.len) &&
		!place_unprintable(name.data, name.len);
}

static void put_long(struct build *b, struct bytes text)
{
	uint8_t clean[NAMES_LONG_MAX];

	if (text.len > sizeof(clean))
		text.len = sizeof(clean);
	place_clean(text.data, text.len, clean);
	build_string(b, clean, text.len);
}

int names_rewrite(struct cursor *in, struct build *b)
{
	uint32_t count = frame_u32(in), kept = 0;
	size_t at = b->len, end;

	if (in->failed || count > cursor_left(in) / ENTRY_BYTES_MIN)
		return -EBADMSG;
	build_u32(b, 0);
	for (uint32_t i = 0; i < count && !in->failed; i++) {
		struct bytes name = frame_string(in);
		struct bytes text = frame_string(in);
		struct attrs attrs;

		attrs_take(in, &attrs);
		if (in->failed || !name_is_harmless(name))
			continue;
		build_string(b, name.data, name.len);
		put_long(b, text);
		attrs_put(b, &attrs);
		kept++;
	}
	if (!cursor_done(in))
		return -EBADMSG;
	if (!kept) {
		names_put_plain(b, ".");
		kept = 1;
	}
	if (b->failed)
		return -EBADMSG;
	end = b->len;
	b->len = at;
	build_u32(b, kept);
	b->len = end;
	return 0;
}

int names_single(struct cursor *in, struct bytes *ret_name)
{
	uint32_t count = frame_u32(in);
	struct bytes name = frame_string(in);
	struct attrs attrs;

	(void)frame_string(in);
	attrs_take(in, &attrs);
	if (count != 1 || !cursor_done(in))
		return -EBADMSG;
	*ret_name = name;
	return 0;
}

void names_put_plain(struct build *b, const char *name)
{
	const struct attrs none = {0};

	build_text(b, name);
	build_text(b, name);
	attrs_put(b, &none);
}

void names_put_folder(struct build *b, const char *name)
{
	const struct attrs folder = {
		.flags = ATTRS_MODE, .mode = ATTRS_MODE_FOLDER | 0555};
	char text[96];

	snprintf(text, sizeof(text),
		"dr-xr-xr-x    1 jump     jump            0 Jan  1  1970 %s",
		name);
	build_text(b, name);
	build_text(b, text);
	attrs_put(b, &folder);
}
