/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One request on its way: what came, who it is from, and how it is answered.
 */
#ifndef JUMP_APPROVALS_HTTP_CALL_H
#define JUMP_APPROVALS_HTTP_CALL_H

#include <microhttpd.h>

#include "approvals/desk/desk.h"
#include "approvals/http/problem.h"
#include "approvals/http/route.h"
#include "approvals/http/strict.h"

#define METHOD_SIZE 8

struct call {
	struct service *service;
	struct MHD_Connection *connection;
	char method[METHOD_SIZE];
	char *path; /* owned */
	const struct route *route;
	struct route_parts parts;
	struct caller caller;
	struct strict_request strict;
	char etag[80], prefer[64]; /* copies: the head does not last */
	char *body;		   /* owned; strict.body_len bytes */
	size_t body_have;
	enum MHD_Result result; /* of queueing the answer */
	unsigned status;
};

void call_free(struct call *c);

/* Answers; the first one counts. allow: for 405, else NULL. */
void call_reply_json(struct call *c, unsigned status, const json_t *answer);
void call_reply_bytes(struct call *c, unsigned status, const char *type,
	const char *etag, char *bytes, size_t len); /* takes bytes over */
void call_refuse(struct call *c, const struct refusal *why);
void call_refuse_status(
	struct call *c, unsigned status, const char *why, const char *allow);

/* Does what the route says and answers. The body is complete. */
void call_run(struct call *c);

/* Routes that answer by themselves. */
void call_health(struct call *c);
void call_ca(struct call *c);
void call_problem_help(struct call *c);
void call_snapshot(struct call *c);

/*
 * Who is at the other end: verifies the client's certificate chain, finds its
 * holder, and the roles of a person. 0 also when no certificate was shown
 * (HOLDER_NONE); -EACCES: one was shown that is not good. Source: threat
 * A-CERT.
 */
int identity_find(struct service *s, struct MHD_Connection *connection,
	struct caller *ret_caller);

#endif
