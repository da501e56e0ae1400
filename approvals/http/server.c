/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the library's callbacks to a call: the head is judged, the route found
 * and the caller known before a byte of the body is taken.
 */
#include "approvals/http/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "approvals/http/call.h"
#include "approvals/http/patience.h"
#include "approvals/desk/journal.h"
#include "base/cleanup.h"

#define HEAD_MEMORY  (32u << 10)
#define THREAD_STACK (512u << 10)
#define DRAIN_TURNS  300 /* of 10 ms */
#define PRIORITIES   "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct server {
	struct service *service;
	int calls; /* begun and not completed; atomic */
	struct MHD_Daemon *daemon;
	struct patience patience;
};

static struct patience_entry *entry_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static void set_phase(
	struct server *s, struct MHD_Connection *connection, enum phase phase)
{
	patience_phase(&s->patience, entry_of(connection), phase);
}

static void on_connection(void *cls, struct MHD_Connection *connection,
	void **context, enum MHD_ConnectionNotificationCode code)
{
	struct server *s = cls;
	const union MHD_ConnectionInfo *info;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		patience_leave(&s->patience, *context);
		*context = NULL;
		return;
	}
	info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	*context = info ? patience_enter(&s->patience, info->connect_fd) : NULL;
}

/* ---- the head ---- */

static enum MHD_Result take_field(void *cls, enum MHD_ValueKind kind,
	const char *key, size_t key_size, const char *value, size_t value_size)
{
	struct head *head = cls;

	(void)kind;
	if (head->count < STRICT_FIELDS_MAX)
		head->fields[head->count] = (struct field){
			.name = key,
			.name_len = key_size,
			.value = value ? value : "",
			.value_len = value ? value_size : 0,
		};
	head->count++;
	return MHD_YES;
}

/* The end of the query as it was parsed, argument by argument. */
static enum MHD_Result take_end(void *cls, enum MHD_ValueKind kind,
	const char *key, size_t key_size, const char *value, size_t value_size)
{
	const char **end = cls;

	(void)kind;
	*end = value ? value + value_size : key + key_size;
	return MHD_YES;
}

static void copy_text(char *into, size_t size, const char *text)
{
	into[0] = '\0';
	if (text && strlen(text) < size)
		memcpy(into, text, strlen(text) + 1);
}

/* What the library made of the head, where it stands in its memory. */
static void collect_head(struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, struct head *ret_head)
{
	*ret_head = (struct head){.method = method,
		.target = url,
		.target_end = url + strlen(url),
		.version = version};
	(void)MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND,
		take_end, &ret_head->target_end);
	(void)MHD_get_connection_values_n(
		connection, MHD_HEADER_KIND, take_field, ret_head);
}

/* 0, or answered already. */
static int judge_head(struct call *c, const struct head *head)
{
	const char *why = NULL;
	unsigned status = strict_judge(head, &c->strict, &why);

	if (status == 0 && !strict_path(c->path)) {
		status = 404;
		why = "addresses here have no such characters";
	}
	if (status) {
		call_refuse_status(c, status, why, NULL);
		return -EBADMSG;
	}
	copy_text(c->etag, sizeof(c->etag), c->strict.if_none_match);
	copy_text(c->prefer, sizeof(c->prefer), c->strict.prefer);
	return 0;
}

static int find_route(struct call *c)
{
	const char *allow = NULL;

	c->route = route_find(c->method, c->path, &c->parts, &allow);
	if (c->route)
		return 0;
	call_refuse_status(c, allow ? 405 : 404, NULL, allow);
	return -ENOENT;
}

static bool may(const struct route *route, const struct caller *caller)
{
	switch (route->who) {
	case WHO_ANYONE:
		return true;
	case WHO_BASTION:
		return caller->holder.kind == HOLDER_BASTION;
	case WHO_PERSON:
		return caller->holder.kind == HOLDER_PERSON &&
		       role_may(caller->roles, route->action);
	default:
		return false;
	}
}

static int find_caller(struct call *c)
{
	static const struct refusal no_role = {
		.kind = REFUSAL_FORBIDDEN,
		.detail = "none of your roles may do this",
	};
	int r = identity_find(c->service, c->connection, &c->caller);

	if (r == 0 && may(c->route, &c->caller))
		return 0;
	if (r < 0 && r != -EACCES)
		journal_line(JOURNAL_ERROR, "identity: %s", strerror(-r));
	if (r == 0 && c->caller.holder.kind == HOLDER_PERSON &&
		c->route->who == WHO_PERSON)
		call_refuse(c, &no_role);
	else
		call_refuse_status(c, 403, NULL, NULL);
	return -EACCES;
}

static int begin_body(struct call *c)
{
	if (c->strict.body_len > c->route->body_max) {
		call_refuse_status(c, 413, NULL, NULL);
		return -EFBIG;
	}
	if (!c->strict.has_body)
		return 0;
	c->body = malloc(c->strict.body_len + 1);
	return c->body ? 0 : -ENOMEM;
}

static struct call *call_new(struct server *s,
	struct MHD_Connection *connection, const char *url, const char *method)
{
	struct call *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->service = s->service;
	c->connection = connection;
	c->result = MHD_NO;
	copy_text(c->method, sizeof(c->method), method);
	c->path = strdup(url);
	if (!c->path) {
		call_free(c);
		return NULL;
	}
	return c;
}

/* The head is here: everything that can be refused now, is. */
static enum MHD_Result begin(struct server *s,
	struct MHD_Connection *connection, const char *url, const char *method,
	const char *version, void **context)
{
	struct call *c = call_new(s, connection, url, method);
	struct head head;

	if (!c)
		return MHD_NO;
	*context = c;
	__atomic_add_fetch(&s->calls, 1, __ATOMIC_ACQ_REL);
	set_phase(s, connection, PHASE_ANSWER);
	collect_head(connection, url, method, version, &head);
	if (judge_head(c, &head) < 0 || find_route(c) < 0 ||
		find_caller(c) < 0 || begin_body(c) < 0)
		return c->result;
	set_phase(s, connection, PHASE_BODY);
	return MHD_YES;
}

static enum MHD_Result take_body(struct call *c, const char *data, size_t *size)
{
	if (!c->body || *size > c->strict.body_len - c->body_have)
		return MHD_NO;
	memcpy(c->body + c->body_have, data, *size);
	c->body_have += *size;
	*size = 0;
	return MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection,
	const char *url, const char *method, const char *version,
	const char *data, size_t *size, void **context)
{
	struct server *s = cls;
	struct call *c = *context;

	if (!c)
		return begin(s, connection, url, method, version, context);
	if (c->status) /* answered on its head; what follows is not read */
		return MHD_YES;
	if (*size > 0)
		return take_body(c, data, size);
	if (c->strict.has_body && c->body_have != c->strict.body_len)
		return MHD_NO;
	set_phase(s, connection, PHASE_WORK);
	call_run(c);
	set_phase(s, connection, PHASE_ANSWER);
	return c->result;
}

static void on_completed(void *cls, struct MHD_Connection *connection,
	void **context, enum MHD_RequestTerminationCode code)
{
	struct server *s = cls;

	(void)code;
	if (*context)
		__atomic_sub_fetch(&s->calls, 1, __ATOMIC_ACQ_REL);
	call_free(*context);
	*context = NULL;
	set_phase(s, connection, PHASE_IDLE);
}

/* Addresses and queries stay as they came: strict.c looks at the bytes. */
static size_t no_unescape(
	void *cls, struct MHD_Connection *connection, char *text)
{
	(void)cls, (void)connection;
	return strlen(text);
}

__attribute__((format(printf, 2, 0))) static void on_log(
	void *cls, const char *format, va_list ap)
{
	char line[256];

	(void)cls;
	if (vsnprintf(line, sizeof(line), format, ap) <= 0)
		return;
	line[strcspn(line, "\n")] = '\0';
	journal_line(JOURNAL_DEBUG, "%s", line);
}

static struct MHD_Daemon *start(struct server *s, int listen_fd)
{
	const struct approvals_settings *c = &s->service->settings;

	return MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD |
					MHD_USE_THREAD_PER_CONNECTION |
					MHD_USE_POLL | MHD_USE_TLS |
					MHD_USE_ERROR_LOG,
		0, NULL, NULL, on_request, s,
		/* first, so that it sees all messages */
		MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
		MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_HTTPS_MEM_KEY,
		s->service->server_key_pem, MHD_OPTION_HTTPS_MEM_CERT,
		s->service->server_pem, MHD_OPTION_HTTPS_MEM_TRUST,
		s->service->ca_pem, MHD_OPTION_HTTPS_PRIORITIES, PRIORITIES,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_LIMIT,
		c->connections_max, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		c->connections_per_address, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)HEAD_MEMORY, MHD_OPTION_THREAD_STACK_SIZE,
		(size_t)THREAD_STACK, MHD_OPTION_CONNECTION_TIMEOUT, 0u,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,
		MHD_OPTION_UNESCAPE_CALLBACK, no_unescape, NULL,
		MHD_OPTION_END);
}

int server_start(
	struct service *service, int listen_fd, struct server **ret_server)
{
	struct server *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->service = service;
	r = patience_start(&s->patience);
	if (r < 0) {
		free(s);
		return r;
	}
	s->daemon = start(s, listen_fd);
	if (!s->daemon) {
		patience_stop(&s->patience);
		free(s);
		return -EIO;
	}
	*ret_server = s;
	return 0;
}

/* No new connections; those who wait are answered; the rest gets a while. */
static void drain(struct server *s)
{
	static const struct timespec pause = {.tv_nsec = 10000000};
	int fd = MHD_quiesce_daemon(s->daemon);

	cleanup_close(&fd);
	watch_stop(&s->service->watch);
	for (int i = 0; i < DRAIN_TURNS; i++) {
		if (__atomic_load_n(&s->calls, __ATOMIC_ACQUIRE) == 0)
			return;
		(void)nanosleep(&pause, NULL);
	}
}

void server_stop(struct server *s)
{
	if (!s)
		return;
	drain(s);
	MHD_stop_daemon(s->daemon);
	patience_stop(&s->patience);
	free(s);
}
