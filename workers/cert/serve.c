/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/cert/serve.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "audit/event.h"
#include "base/moment.h"
#include "workers/cert/sign.h"

/* jumpshell connects early, and asks when the recorder runs. */
#define REQUEST_WAIT_MS 15000

struct work {
	struct cert_request request;
	struct admission admission;
	char sources[SIGN_SOURCES_SIZE];
	char certificate[SIGN_CERT_SIZE];
	char detail[SIGN_SOURCES_SIZE + 64];
};

static int receive(int fd, struct cert_request *ret_request)
{
	int64_t end_ms = moment_boot_ms() + REQUEST_WAIT_MS;
	char bytes[CERT_REQUEST_MAX];
	size_t have = 0;

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left_ms = end_ms - moment_boot_ms();
		ssize_t n;
		int r;

		if (left_ms <= 0 || poll(&p, 1, (int)left_ms) == 0)
			return -ETIMEDOUT;
		n = recv(fd, bytes + have, sizeof(bytes) - have, MSG_DONTWAIT);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EPIPE;
		have += (size_t)n;
		r = cert_request_parse(bytes, have, ret_request);
		if (r != -EAGAIN)
			return r;
		if (have == sizeof(bytes))
			return -EBADMSG;
	}
}

static struct event event_of(const struct work *w)
{
	const struct admission *a = &w->admission;

	return (struct event){
		.id = EVENT_CERT_ISSUED,
		.user = a->session.user[0] ? a->session.user : NULL,
		.uid = a->session.uid,
		.session = a->session.uuid[0] ? a->session.uuid : NULL,
		.grant = a->grant[0] ? a->grant : NULL,
		.ticket = a->ticket[0] ? a->ticket : NULL,
		.conn = w->request.conn[0] ? w->request.conn : NULL,
		.target = w->request.hop[0]	 ? w->request.hop
			  : w->request.target[0] ? w->request.target
						 : NULL,
		.account = a->account[0] ? a->account : NULL,
		.via = a->via[0] ? a->via : NULL,
		.proto = proto_name(w->request.proto),
		.address = a->address[0] ? a->address : NULL,
		.source = a->session.source[0] ? a->session.source : NULL,
		.source_port = a->session.source_port,
		.key = a->session.key[0] ? a->session.key : NULL,
	};
}

static int refuse(int fd, const struct work *w, const char *reason)
{
	struct event e = event_of(w);
	char text[64];
	int n = snprintf(text, sizeof(text), "no %s\n", reason);

	e.reason = reason;
	(void)event_emit(&e);
	(void)send(fd, text, (size_t)n, MSG_NOSIGNAL);
	return 1;
}

/* NULL when there is a certificate, and an event of it; else why not. */
static const char *prepare(
	int fd, struct work *w, const char *zone, const char *ca_path)
{
	struct admission_request q = {.target = w->request.target,
		.account = w->request.account,
		.conn = w->request.conn};
	const struct sign s = {.ca_path = ca_path,
		.request = &w->request,
		.admission = &w->admission,
		.sources = w->sources};
	struct event e;
	const char *reason = "error";

	if (receive(fd, &w->request) < 0)
		return "request";
	q.proto = w->request.proto;
	q.hop = w->request.hop[0] ? w->request.hop : NULL;
	if (admit(fd, &q, &w->admission, &reason) < 0)
		return reason;
	if (strcmp(w->admission.zone, zone) != 0)
		return "target";
	if (w->admission.credential != CREDENTIAL_CERTIFICATE)
		return "credential";
	if (sign_sources(&w->admission, w->sources) < 0)
		return "unreachable";
	if (sign_certificate(&s, w->certificate) < 0)
		return "certificate";
	e = event_of(w);
	e.outcome = OUTCOME_SUCCESS;
	snprintf(w->detail, sizeof(w->detail), "for at most %d s, from %s",
		SIGN_VALID_SEC, w->sources);
	e.detail = w->detail;
	if (event_emit(&e) < 0 && !w->admission.info.settings.audit_optional)
		return "audit";
	return NULL;
}

int serve_one(int fd, const char *zone, const char *ca_path)
{
	static struct work w;
	char answer[SIGN_CERT_SIZE + 8];
	const char *reason = prepare(fd, &w, zone, ca_path);
	int n;

	if (reason)
		return refuse(fd, &w, reason);
	n = snprintf(answer, sizeof(answer), "ok\n%s", w.certificate);
	return send(fd, answer, (size_t)n, MSG_NOSIGNAL) == n ? 0 : 1;
}
