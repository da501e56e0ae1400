/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The attributes of a file, as version 3 has them: what is known is taken
 * and written anew, extended ones are left behind.
 */
#ifndef JUMP_SFTP_ATTRS_H
#define JUMP_SFTP_ATTRS_H

#include "sftp/frame.h"

enum attrs_flag {
	ATTRS_SIZE = 0x01,
	ATTRS_OWNER = 0x02,
	ATTRS_MODE = 0x04,
	ATTRS_TIMES = 0x08,
	ATTRS_EXTENDED = 0x80000000,
};
#define ATTRS_MODE_KIND	  0170000u
#define ATTRS_MODE_FOLDER 0040000u
#define ATTRS_MODE_FILE	  0100000u
#define ATTRS_MODE_LINK	  0120000u
#define ATTRS_BYTES_MAX	  32

struct attrs {
	uint32_t flags; /* without ATTRS_EXTENDED */
	uint64_t size;
	uint32_t uid, gid, mode, atime, mtime;
};

/* The cursor fails where they are cut, or of a later version. */
void attrs_take(struct cursor *c, struct attrs *ret_attrs);
void attrs_put(struct build *b, const struct attrs *a);

/* Puts what `from` has over what `onto` has. */
void attrs_merge(struct attrs *onto, const struct attrs *from);

#endif
