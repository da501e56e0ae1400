/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/credential/serve.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/moment.h"
#include "workers/credential/claim.h"
#include "workers/credential/request.h"
#include "workers/credential/signer.h"
#include "workers/peer/line.h"

#define REQUEST_WAIT_MS 15000

static int say_no(int fd, const char *reason)
{
	char text[LINE_MAX_BYTES];
	int n = snprintf(text, sizeof(text), "no %s %s\n", reason,
		claim_sentence(reason));

	(void)send(fd, text, (size_t)n, MSG_NOSIGNAL);
	return 1;
}

static int refuse(int fd, const struct claim *c, const char *reason)
{
	claim_refused(c, reason);
	return say_no(fd, reason);
}

static int receive(int fd, struct credential_request *ret_request)
{
	int64_t end_ms = moment_boot_ms() + REQUEST_WAIT_MS;
	char bytes[LINE_MAX_BYTES];
	size_t have = 0;

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left_ms = end_ms - moment_boot_ms();
		ssize_t n;

		if (left_ms <= 0 || poll(&p, 1, (int)left_ms) == 0)
			return -ETIMEDOUT;
		n = recv(fd, bytes + have, sizeof(bytes) - have, MSG_DONTWAIT);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EPIPE;
		have += (size_t)n;
		if (memchr(bytes, '\n', have))
			return credential_request_parse(
				bytes, have, ret_request);
		if (have == sizeof(bytes))
			return -EMSGSIZE;
	}
}

/* The password in one piece, and then nothing more of us. */
static int hand_out(int fd, const struct keeper_secret *s)
{
	char answer[KEEPER_PASSWORD_MAX + 4];
	size_t len = 3 + s->len;
	int r;

	memcpy(answer, "ok\n", 3);
	memcpy(answer + 3, s->bytes, s->len);
	r = send(fd, answer, len, MSG_NOSIGNAL) == (ssize_t)len ? 0 : 1;
	explicit_bzero(answer, sizeof(answer));
	return r;
}

static int serve_get(int fd, struct claim *c)
{
	_cleanup_secret_of_keeper_ struct keeper_secret secret = {0};
	const char *reason = claim_check(c, fd, false);

	if (!reason && keeper_read(c->keeper, &secret) < 0)
		reason = "error";
	if (!reason && secret.is_key)
		reason = "kind";
	if (!reason)
		reason = claim_spend(c);
	if (reason && strcmp(reason, "spent") == 0)
		claim_again(c);
	return reason ? refuse(fd, c, reason) : hand_out(fd, &secret);
}

static int serve_tell(int fd, const struct claim *c, bool right)
{
	static const char ok[] = "ok\n";

	if (claim_tell(c, fd, right) < 0)
		return say_no(fd, "connection");
	return send(fd, ok, sizeof(ok) - 1, MSG_NOSIGNAL) == sizeof(ok) - 1
		       ? 0
		       : 1;
}

static int serve_line(int fd, struct claim *c)
{
	struct credential_request q;
	int r = receive(fd, &q);

	if (r == -EPIPE || r == -ETIMEDOUT)
		return 0; /* woken early, or gone: nothing was asked */
	if (r < 0)
		return refuse(fd, c, "request");
	memcpy(c->conn, q.conn, sizeof(c->conn));
	memcpy(c->target, q.target, sizeof(c->target));
	if (q.verb == CREDENTIAL_GET)
		return serve_get(fd, c);
	return serve_tell(fd, c, q.verb == CREDENTIAL_RIGHT);
}

/* An agent's message begins with its length, of which the first byte is 0. */
static int is_agent(int fd, bool *ret_is)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char first;

	if (poll(&p, 1, REQUEST_WAIT_MS) != 1 ||
		recv(fd, &first, 1, MSG_PEEK | MSG_DONTWAIT) != 1)
		return -EPIPE;
	*ret_is = first == '\0';
	return 0;
}

int serve_claim(int fd, const void *context)
{
	static struct claim c;
	bool agent;

	c.keeper = context;
	if (is_agent(fd, &agent) < 0)
		return 0;
	return agent ? signer_serve(fd, &c) : serve_line(fd, &c);
}
