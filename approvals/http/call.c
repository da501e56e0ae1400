/* SPDX-License-Identifier: BSD-2-Clause */
/* From a complete request to its answer. */
#include "approvals/http/call.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "approvals/desk/journal.h"
#include "base/cleanup.h"

#define BODY_DEPTH_MAX 6

void call_free(struct call *c)
{
	if (!c)
		return;
	if (c->body)
		explicit_bzero(c->body, c->body_have);
	free(c->body);
	free(c->path);
	free(c);
}

/* ---- answers ---- */

/* What every answer has. */
static void add_headers(struct MHD_Response *r, const char *type)
{
	(void)MHD_add_response_header(r, "Content-Type", type);
	(void)MHD_add_response_header(r, "Cache-Control", "no-store");
	(void)MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
	(void)MHD_add_response_header(r, "Content-Security-Policy",
		"default-src 'none'; frame-ancestors 'none'");
	(void)MHD_add_response_header(
		r, "Strict-Transport-Security", "max-age=31536000");
}

static void queue(struct call *c, unsigned status, struct MHD_Response *r)
{
	if (!r)
		return; /* result stays MHD_NO: the connection ends */
	c->status = status;
	c->result = MHD_queue_response(c->connection, status, r);
	MHD_destroy_response(r);
}

static void wiping_free(void *text)
{
	explicit_bzero(text, strlen(text));
	free(text);
}

static void reply_text(struct call *c, unsigned status, const char *type,
	char *text, const char *allow)
{
	struct MHD_Response *r =
		text ? MHD_create_response_from_buffer_with_free_callback(
			       strlen(text), text, wiping_free)
		     : NULL;

	if (!r) {
		free(text);
		return;
	}
	add_headers(r, type);
	if (allow)
		(void)MHD_add_response_header(r, "Allow", allow);
	/* What was refused on its head has a body nobody reads. */
	if (c->strict.body_len != c->body_have || status == 400)
		(void)MHD_add_response_header(r, "Connection", "close");
	queue(c, status, r);
}

void call_reply_json(struct call *c, unsigned status, const json_t *answer)
{
	reply_text(c, status, "application/json",
		json_dumps(answer, JSON_COMPACT | JSON_PRESERVE_ORDER), NULL);
}

void call_reply_bytes(struct call *c, unsigned status, const char *type,
	const char *etag, char *bytes, size_t len)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(
		len, bytes, MHD_RESPMEM_MUST_FREE);

	if (!r) {
		free(bytes);
		return;
	}
	add_headers(r, type);
	if (etag)
		(void)MHD_add_response_header(r, "ETag", etag);
	queue(c, status, r);
}

static void reply_problem(
	struct call *c, const struct problem *p, const char *allow)
{
	json_t *json = problem_json(p);

	reply_text(c, p->status, "application/problem+json",
		json ? json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER)
		     : NULL,
		allow);
	json_decref(json);
	journal_line(JOURNAL_NOTICE, "refused: %s %s, %u %s: %s, by %s from %s",
		c->method, c->path ? c->path : "?", p->status, p->type,
		p->detail,
		c->caller.holder.kind ? c->caller.holder.name : "nobody",
		c->caller.source[0] ? c->caller.source : "unknown");
}

void call_refuse(struct call *c, const struct refusal *why)
{
	struct problem p;

	problem_of_refusal(why, &p);
	reply_problem(c, &p, NULL);
}

void call_refuse_status(
	struct call *c, unsigned status, const char *why, const char *allow)
{
	struct problem p;

	problem_of_status(status, why, &p);
	reply_problem(c, &p, allow);
}

static void fail(struct call *c, int error)
{
	static const struct refusal internal = {.kind = REFUSAL_INTERNAL};

	journal_line(JOURNAL_ERROR, "%s %s: %s: %s", c->method, c->path,
		strerror(-error), db_error(c->service->db));
	call_refuse(c, &internal);
}

/* ---- running ---- */

static int parse_body(
	struct call *c, json_t **ret_body, struct refusal *ret_why)
{
	const struct json_limits limits = {
		.max_bytes = c->route->body_max, .depth_max = BODY_DEPTH_MAX};
	char why[JSON_WHY_SIZE] = "";
	int r;

	if (!c->strict.has_body)
		return 0;
	r = json_strict_parse(
		c->body ? c->body : "", c->body_have, &limits, ret_body, why);
	return r == -EBADMSG || r == -EMSGSIZE
		       ? refuse(ret_why, REFUSAL_MALFORMED, NULL, "%s", why)
		       : r;
}

struct query {
	struct desk_input *in;
	bool bad;
};

static enum MHD_Result take_query(
	void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct query *q = cls;
	const char **into = strcmp(key, "state") == 0	? &q->in->state
			    : strcmp(key, "after") == 0 ? &q->in->after
			    : strcmp(key, "limit") == 0 ? &q->in->limit
							: NULL;

	(void)kind;
	if (!into || *into || !strict_query_value(value))
		q->bad = true;
	else
		*into = value;
	return MHD_YES;
}

static int read_input(struct call *c, const json_t *body,
	struct desk_input *ret_in, struct refusal *ret_why)
{
	struct query q = {.in = ret_in};

	*ret_in = (struct desk_input){
		.id = c->parts.id, .part = c->parts.part, .body = body};
	(void)MHD_get_connection_values(
		c->connection, MHD_GET_ARGUMENT_KIND, take_query, &q);
	if (q.bad)
		return refuse(ret_why, REFUSAL_MALFORMED, NULL,
			"the query takes state, after and limit, each once");
	return 0;
}

void call_run(struct call *c)
{
	_cleanup_json_ json_t *body = NULL, *answer = NULL;
	struct refusal why = {0};
	struct desk_input in;
	int r;

	r = read_input(c, NULL, &in, &why);
	if (r == 0 && c->route->special) {
		c->route->special(c);
		return;
	}
	if (r == 0)
		r = parse_body(c, &body, &why);
	in.body = body;
	if (r == 0)
		r = c->route->operation(
			c->service, &c->caller, &in, &answer, &why);
	if (r == -EPERM) {
		call_refuse(c, &why);
	} else if (r < 0 || !answer) {
		fail(c, r < 0 ? r : -EIO);
	} else {
		call_reply_json(c, c->route->status, answer);
		journal_line(JOURNAL_INFO, "%s %s %u by %s from %s", c->method,
			c->path, c->route->status,
			c->caller.holder.kind ? c->caller.holder.name
					      : "nobody",
			c->caller.source);
	}
}

/* ---- small answers ---- */

void call_health(struct call *c)
{
	_cleanup_db_tx_ struct db_tx tx = {0};
	json_t *answer;
	int r = db_begin_read(c->service->db, &tx);

	if (r < 0) {
		fail(c, r);
		return;
	}
	answer = json_pack("{s:s}", "status", "ok");
	call_reply_json(c, 200, answer);
	json_decref(answer);
}

void call_ca(struct call *c)
{
	char *copy = strdup(c->service->ca_pem);

	if (copy)
		call_reply_bytes(c, 200, "application/x-pem-file", NULL, copy,
			strlen(copy));
}

void call_problem_help(struct call *c)
{
	const char *help = problem_help(c->parts.id);
	char *copy = help ? strdup(help) : NULL;

	if (!help)
		call_refuse_status(c, 404, NULL, NULL);
	else if (copy)
		call_reply_bytes(c, 200, "text/plain; charset=utf-8", NULL,
			copy, strlen(copy));
}
