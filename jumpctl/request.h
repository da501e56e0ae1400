/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests as people see them: what request, requests and the deciding verbs
 * share.
 */
#ifndef JUMP_JUMPCTL_REQUEST_H
#define JUMP_JUMPCTL_REQUEST_H

#include <jansson.h>

#include "jumpctl/api.h"

#define REQUEST_PATH_SIZE 160

/* One request with everything that is decided by; or JSON with --json. */
int request_show(const struct invocation *in, const json_t *request);

/*
 * The request that a word means: its id, or the last letters of one that
 * waits or is open, at least 4, when they mean one alone. The caller owns it.
 */
int request_find(const struct invocation *in, const struct api *api,
	const char *word, json_t **ret_request);

#endif
