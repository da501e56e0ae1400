/* SPDX-License-Identifier: BSD-2-Clause */
/* What jumpshell asks the file check for. All of it is claims. */
#ifndef JUMP_WORKERS_CHECK_REQUEST_H
#define JUMP_WORKERS_CHECK_REQUEST_H

#include <stddef.h>

#include "base/name.h"

#define CHECK_NAME_SIZE	   4097 /* a path on a target, and its NUL */
#define CHECK_REQUEST_MAX  (512 + CHECK_NAME_SIZE)
#define CHECK_WORDS_MAX	   32
#define CHECK_COMMAND_SIZE 256

struct check_request {
	char conn[CONN_SIZE];
	char target[NAME_SIZE];
	char name[CHECK_NAME_SIZE]; /* of the file, for the event alone */
};

/*
 * One packet: "check conn= target=\n", then the name's bytes. 0 or -EBADMSG.
 */
int check_request_parse(
	const char *bytes, size_t len, struct check_request *ret_request);

/* The policy's words, one blank or more between them. */
struct check_command {
	char bytes[CHECK_COMMAND_SIZE];
	const char *argv[CHECK_WORDS_MAX + 1];
};

/* 0; -ENOENT: there is none; -EINVAL: not an absolute path, or too much. */
int check_command_split(const char *text, struct check_command *ret_command);

#endif
