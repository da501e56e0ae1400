/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Speaking to the approvals service: an identity is a folder with the files
 * ca.crt, client.crt, client.key and url, as `jump-approvals client` makes it
 * for people and `jumpctl join` for bastions.
 */
#ifndef JUMP_JUMPCTL_API_H
#define JUMP_JUMPCTL_API_H

#include <jansson.h>
#include <limits.h>

#include "jumpctl/command.h"

#define API_BASTION_DIR "/etc/jump/bastion"

/* The options that all verbs of the service share; `c` is what
 * command_option() returned: true when it was one of them. */
struct api_options {
	const char *identity; /* NULL: ~/.config/jump, then /etc/jump/client */
	const char *url;      /* NULL: as the identity says */
};
#define API_OPTIONS                                                            \
	{"identity", required_argument, NULL, 'I'},                            \
	{                                                                      \
		"url", required_argument, NULL, 'U'                            \
	}
#define API_ARGS "[--identity DIR] [--url URL]"
bool api_option(int c, struct api_options *options);

struct api {
	char url[512];
	char ca[PATH_MAX], certificate[PATH_MAX], key[PATH_MAX];
};

/* EXIT_OK; or EXIT_FAILED, and what to do has been said. */
int api_open(const struct invocation *in, const struct api_options *options,
	struct api *ret_api);

/*
 * One call. body is taken over (NULL: none). EXIT_OK with an answer the
 * caller owns (json_decref); EXIT_NO: the service refused, its problem
 * document has been said; EXIT_FAILED.
 */
int api_call(const struct invocation *in, const struct api *api,
	const char *method, const char *path, json_t *body,
	json_t **ret_answer);

/* For people: a text member, "" when it is not there; "a b" of an array. */
const char *api_text(const json_t *object, const char *member);
const char *api_words(
	const json_t *object, const char *member, char *text, size_t size);

#endif
