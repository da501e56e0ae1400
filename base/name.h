/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of the field, in one place: what a login, a target, a zone and an
 * identifier may look like. Everything outside is refused before it can
 * reach a command line, a log or a file name.
 */
#ifndef JUMP_BASE_NAME_H
#define JUMP_BASE_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define NAME_MAX_LEN 31
#define NAME_SIZE    (NAME_MAX_LEN + 1)
#define UUID_SIZE    37 /* 8-4-4-4-12 lower-case hex and its NUL */
#define CONN_SIZE    17 /* 16 lower-case hex digits and its NUL */

/* [a-z][a-z0-9_-]{0,30}: users, targets, zones, conduits, accounts. */
bool name_valid(const char *name);

/* [A-Za-z0-9][A-Za-z0-9._:-]{0,63}: grant ids, tickets, key ids. */
#define ID_SIZE 65
bool id_valid(const char *id);

bool uuid_valid(const char *uuid);
bool conn_valid(const char *conn);

/* A random version 4 UUID resp. connection id, from getrandom(2). 0/-errno */
int uuid_make(char ret_uuid[UUID_SIZE]);
int conn_make(char ret_conn[CONN_SIZE]);

#endif
