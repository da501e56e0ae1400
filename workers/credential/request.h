/* SPDX-License-Identifier: BSD-2-Clause */
/* What a connection's helper says to the worker. All of it is claims. */
#ifndef JUMP_WORKERS_CREDENTIAL_REQUEST_H
#define JUMP_WORKERS_CREDENTIAL_REQUEST_H

#include <stddef.h>

#include "base/name.h"

enum credential_verb {
	CREDENTIAL_NONE = 0,
	CREDENTIAL_GET,	  /* the password, once */
	CREDENTIAL_RIGHT, /* the target took it */
	CREDENTIAL_WRONG, /* it did not */
};

struct credential_request {
	enum credential_verb verb;
	char conn[CONN_SIZE];
	char target[NAME_SIZE]; /* where the connection ends */
};

/* "get|right|wrong conn= target=\n", whole. 0 or -EBADMSG. */
int credential_request_parse(
	const char *bytes, size_t len, struct credential_request *ret_request);

#endif
