/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NAME replies: what a target says of its folders is a stranger's word. Each
 * entry is taken apart and written anew, and what no file can be called, or
 * what a terminal would obey, is left out.
 */
#ifndef JUMP_SFTP_NAMES_H
#define JUMP_SFTP_NAMES_H

#include "sftp/frame.h"

#define NAMES_NAME_MAX 255
#define NAMES_LONG_MAX 1024

/*
 * Rewrites the entries of a READDIR's answer from `in` (after the id) into b,
 * which has begun. One that leaves none has "." in its place: an answer
 * without entries would end the listing. Returns 0, or -EBADMSG.
 */
int names_rewrite(struct cursor *in, struct build *b);

/* The one name of a REALPATH or READLINK. Returns 0, or -EBADMSG. */
int names_single(struct cursor *in, struct bytes *ret_name);

/* An entry of the gate's own: a name for itself, or a folder in a list. */
void names_put_plain(struct build *b, const char *name);
void names_put_folder(struct build *b, const char *name);

#endif
