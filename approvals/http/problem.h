/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Refusals as HTTP: a status and a problem document (RFC 9457). The only
 * place where the one becomes the other; what it does not know is a 500.
 */
#ifndef JUMP_APPROVALS_HTTP_PROBLEM_H
#define JUMP_APPROVALS_HTTP_PROBLEM_H

#include <jansson.h>

#include "approvals/rules/refusal.h"

struct problem {
	unsigned status;
	const char *type;  /* last part of its address */
	const char *title; /* one for each type */
	char field[JSON_FIELD_SIZE];
	char detail[REFUSAL_DETAIL_SIZE];
};

/* The problem that a refusal amounts to. */
void problem_of_refusal(const struct refusal *why, struct problem *ret_problem);

/* One of HTTP itself, by its status; any other status is a 500. */
void problem_of_status(
	unsigned status, const char *detail, struct problem *ret_problem);

/* {"type","title","status","detail","field"}; NULL: no memory. */
json_t *problem_json(const struct problem *p);

/* The text that stands at the type's address; NULL: no such type. */
const char *problem_help(const char *type);

#endif
