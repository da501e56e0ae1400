/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a path of the client lies: "/TARGET/rest" is "/rest" on the target,
 * "/" is the list of targets. Dots are taken out here, by the letters alone,
 * before anything is passed on: what a target sees has none.
 */
#ifndef JUMP_SFTP_PLACE_H
#define JUMP_SFTP_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/name.h"
#include "sftp/control.h"
#include "sftp/frame.h"

struct place {
	char target[NAME_SIZE];	       /* "": the list of targets */
	char inner[CONTROL_NAME_SIZE]; /* absolute, no dots; "/" at least */
};

/* What stands before a path of a target when the client sees it. */
#define PLACE_SHOWN_SIZE (CONTROL_NAME_SIZE + NAME_SIZE + 1)

/*
 * Returns 0; -EINVAL: a NUL in it; -ENAMETOOLONG; -ENOENT: its first part
 * can't be a target's name.
 */
int place_parse(struct bytes path, struct place *ret_place);

/* Neither the list of targets nor a target's own folder. */
bool place_is_file(const struct place *p);

/*
 * What a symbolic link is to hold, as the client says it, to what the target
 * is to hold. Returns 0; -EINVAL, -ENAMETOOLONG, -ENOENT (empty); -EXDEV: it
 * names another target, or leads above this one's folder.
 */
int place_link_in(const struct place *link, struct bytes content,
	char ret_content[CONTROL_NAME_SIZE]);

/*
 * A path that a target named (of a link: at `link`; else link NULL and it
 * has to be absolute) as the client is to see it. Returns 0, or -EBADMSG:
 * empty, too long, or with control characters: not to be shown.
 */
int place_shown(const char *target, const struct place *link,
	struct bytes path, char ret_path[PLACE_SHOWN_SIZE]);

/* The last part of it; "" of "/". */
const char *place_last(const char *inner);

/* Does a name fit one of the patterns? Without any, each does. */
bool place_matches(const struct file_terms *terms, const char *inner);

/* A control character: of no name that is shown. */
bool place_unprintable(const uint8_t *data, size_t len);

/* As many bytes, question marks for control characters, as ls(1) has it. */
void place_clean(const uint8_t *data, size_t len, void *ret_text);

#endif
