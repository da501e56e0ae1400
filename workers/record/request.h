/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What jumpshell asks the recorder for. Every field is a claim; admit.h says
 * which of them hold.
 */
#ifndef JUMP_WORKERS_RECORD_REQUEST_H
#define JUMP_WORKERS_RECORD_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/name.h"
#include "policy/policy.h"

#define RECORD_TERM_SIZE   32
#define RECORD_COMMAND_MAX 65536

struct record_request {
	char conn[CONN_SIZE];
	char target[NAME_SIZE];
	char account[NAME_SIZE];
	enum proto proto; /* ssh unless it is said */
	char term[RECORD_TERM_SIZE]; /* "" without a terminal */
	unsigned cols, rows;
	bool has_command;
	size_t command_len;
};

/*
 * The first packet: "record conn= target= account= cols= rows= [proto=]
 * [term=] [command=SIZE]". Returns 0, -EBADMSG or -EMSGSIZE.
 */
int record_request_parse(
	const void *bytes, size_t len, struct record_request *ret_request);

/* "80x24", each 1 to 4096. 0 or -EBADMSG. */
int record_size_parse(
	const char *text, size_t len, unsigned *ret_cols, unsigned *ret_rows);

#endif
