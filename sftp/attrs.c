/* SPDX-License-Identifier: BSD-2-Clause */
/* Attributes of version 3: section 5 of the draft. */
#include "sftp/attrs.h"

#define EXTENDED_MAX 64

static void skip_extended(struct cursor *c)
{
	uint32_t count = frame_u32(c);

	if (count > EXTENDED_MAX)
		c->failed = true;
	for (uint32_t i = 0; i < count && !c->failed; i++) {
		(void)frame_string(c);
		(void)frame_string(c);
	}
}

void attrs_take(struct cursor *c, struct attrs *ret_attrs)
{
	const uint32_t known = ATTRS_SIZE | ATTRS_OWNER | ATTRS_MODE |
		ATTRS_TIMES;
	uint32_t flags = frame_u32(c);
	struct attrs a = {.flags = flags & known};

	if (flags & ATTRS_SIZE)
		a.size = frame_u64(c);
	if (flags & ATTRS_OWNER) {
		a.uid = frame_u32(c);
		a.gid = frame_u32(c);
	}
	if (flags & ATTRS_MODE)
		a.mode = frame_u32(c);
	if (flags & ATTRS_TIMES) {
		a.atime = frame_u32(c);
		a.mtime = frame_u32(c);
	}
	if (flags & ATTRS_EXTENDED)
		skip_extended(c);
	if (flags & ~(known | ATTRS_EXTENDED))
		c->failed = true;
	*ret_attrs = a;
}

void attrs_put(struct build *b, const struct attrs *a)
{
	build_u32(b, a->flags);
	if (a->flags & ATTRS_SIZE)
		build_u64(b, a->size);
	if (a->flags & ATTRS_OWNER) {
		build_u32(b, a->uid);
		build_u32(b, a->gid);
	}
	if (a->flags & ATTRS_MODE)
		build_u32(b, a->mode);
	if (a->flags & ATTRS_TIMES) {
		build_u32(b, a->atime);
		build_u32(b, a->mtime);
	}
}

void attrs_merge(struct attrs *onto, const struct attrs *from)
{
	onto->flags |= from->flags;
	if (from->flags & ATTRS_SIZE)
		onto->size = from->size;
	if (from->flags & ATTRS_OWNER) {
		onto->uid = from->uid;
		onto->gid = from->gid;
	}
	if (from->flags & ATTRS_MODE)
		onto->mode = from->mode;
	if (from->flags & ATTRS_TIMES) {
		onto->atime = from->atime;
		onto->mtime = from->mtime;
	}
}
