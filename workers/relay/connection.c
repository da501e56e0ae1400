/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of one connection, top to bottom: who, what, may it, is it
 * recorded, is there room; write it down; open; copy; write the end down.
 */
#include "workers/relay/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "workers/peer/live.h"
#include "workers/relay/dial.h"
#include "workers/relay/events.h"
#include "workers/relay/gate.h"
#include "workers/relay/line.h"
#include "workers/relay/pump.h"
#include "workers/relay/record.h"
#include "workers/relay/refusal.h"
#include "workers/relay/ssh_refusal.h"
#include "workers/relay/watch.h"

#define LINE_TIMEOUT_MS 5000
#define DIAL_TIMEOUT_MS 7000
#define FAREWELL_MS	2000
#define FAREWELL_BYTES	65536

/* A reset: whatever is on its way to either side is not to arrive. */
static void abort_on_close(int fd)
{
	const struct linger none = {.l_onoff = 1, .l_linger = 0};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
}

/*
 * Closing a socket with unread bytes in it resets it, and the reset may
 * overtake our last words: so read on, for a short while and a few bytes.
 * `ends`: the end of file comes with the words. (ssh -W hangs up on an end
 * of file, and the ssh that jumps through it would fail to send before it
 * reads: that one hangs up by itself once it has read.)
 */
static void say_farewell(int fd, const void *bytes, size_t len, bool ends)
{
	int64_t until_ms = moment_boot_ms() + FAREWELL_MS;
	size_t taken = 0;
	char sink[4096];

	if (send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return;
	if (ends)
		(void)shutdown(fd, SHUT_WR);
	while (taken < FAREWELL_BYTES) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left_ms = until_ms - moment_boot_ms();
		ssize_t n;

		if (left_ms <= 0 || poll(&p, 1, (int)left_ms) <= 0)
			return;
		n = recv(fd, sink, sizeof(sink), MSG_DONTWAIT);
		if (n <= 0)
			return;
		taken += (size_t)n;
	}
}

/* What a person can do about it, where the sentence alone does not say. */
static void refusal_text(const struct connection *c, const char *reason,
	const char *sentence, char *ret, size_t size)
{
	if (strcmp(reason, reason_word(REASON_RECORDING)) == 0)
		snprintf(ret, size,
			"%s must be recorded, and a tunnel to it is not. Type "
			"instead: ssh %s@%s %s",
			c->permit.target, c->who->session.user, c->bastion,
			c->permit.target);
	else
		snprintf(ret, size, "%s: %s", reason, sentence);
}

/* By what the granted port is for, or by the port when nothing is known. */
static bool speaks_ssh(const struct connection *c)
{
	if (c->permit.proto == PROTO_NONE)
		return c->who->target.port == proto_default_port(PROTO_SSH);
	return c->permit.proto == PROTO_SSH || c->permit.proto == PROTO_SFTP;
}

static void refuse_tunnel(int fd, const struct connection *c,
	const char *reason, const char *sentence)
{
	uint8_t bytes[SSH_REFUSAL_SIZE];
	char text[SSH_REFUSAL_TEXT_MAX];

	if (!speaks_ssh(c)) {
		abort_on_close(fd);
		return;
	}
	refusal_text(c, reason, sentence, text, sizeof(text));
	say_farewell(fd, bytes, ssh_refusal(text, bytes), false);
}

static void refuse_brokered(int fd, const char *reason, const char *sentence)
{
	char text[LINE_MAX_BYTES];
	int n = snprintf(text, sizeof(text), "no %s %s\n", reason, sentence);

	if (n > 0 && (size_t)n < sizeof(text))
		say_farewell(fd, text, (size_t)n, true);
}

static void refuse(int fd, const struct connection *c, const char *reason,
	const char *sentence)
{
	if (c->who->channel == CHANNEL_TUNNEL)
		refuse_tunnel(fd, c, reason, sentence);
	else
		refuse_brokered(fd, reason, sentence);
}

/* Of a flood the listener tells a count: when there is one to tell it. */
static bool is_told(const struct connection *c, const char *reason)
{
	return getppid() != c->others->listener ||
	       tally_tells(c->refusals, c->who->uid, reason, moment_boot_ms());
}

/* Refused before anything was opened: the event first. */
static int deny(int fd, const struct connection *c, const char *reason,
	const char *sentence)
{
	bool told = is_told(c, reason);

	crowd_tell_over(c->others);
	if (told)
		event_denied(c, reason, sentence);
	refuse(fd, c, reason, sentence);
	return refusal_status(reason, told);
}

void connection_turn_away(
	int fd, const struct identity *who, const char *reason)
{
	char text[LINE_MAX_BYTES];
	int n = snprintf(text, sizeof(text),
		"no %s There are too many connections.\n", reason);

	if (who->channel == CHANNEL_TUNNEL)
		abort_on_close(fd);
	else if (n > 0 && (size_t)n < sizeof(text))
		(void)send(fd, text, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static bool crowded(const struct connection *c)
{
	const struct crowd_count *n = c->others;
	const struct permit *p = &c->permit;
	size_t of_uid = (size_t)p->max_connections * p->max_sessions;

	return n->of_session > p->max_connections || n->of_uid > of_uid;
}

/* The recording of this very connection, if there is one. */
static int find_recording(const struct connection *c, const struct line *line)
{
	const struct live what = {
		.conn = c->conn,
		.session = c->who->session.uuid,
		.uid = c->who->session.uid,
		.target = line->target,
		.proto = proto_name(line->proto),
	};

	return c->who->channel == CHANNEL_BROKERED ? live_open(LIVE_DIR, &what)
						   : -ENOENT;
}

/* Fills in the permit. NULL, or the reason to refuse. */
static const char *decide(struct connection *c, const struct line *line,
	const char **ret_sentence)
{
	_cleanup_gate_ struct gate gate = {0};
	struct ask ask = {
		.channel = c->who->channel,
		.session = &c->who->session,
		.at = c->who->target,
		.target = line->target,
		.proto = line->proto,
	};
	const char *reason = gate_open(c->who, &gate);

	if (reason) {
		*ret_sentence = gate_sentence(reason);
		return reason;
	}
	c->live_fd = find_recording(c, line);
	ask.recording = c->live_fd >= 0;
	c->clock = gate.clock;
	c->audit_optional = gate.audit_optional;
	snprintf(c->bastion, sizeof(c->bastion), "%s", gate.bastion);
	c->opened = moment_now_sec(&c->clock);
	c->permit = permit_from_rights(gate.rights, &ask, c->opened);
	*ret_sentence = c->permit.sentence;
	if (!c->permit.allow)
		return c->permit.reason;
	c->term = term_start(&c->permit, &c->clock);
	c->to = (struct endpoint){c->permit.addresses[0], c->permit.port};
	return NULL;
}

/* Record and event, before the target hears of us. */
static const char *write_down(struct connection *c, const char **ret_sentence)
{
	int r = record_create(RELAY_CONNECTIONS_DIR, c);

	if (r < 0) {
		*ret_sentence = r == -EEXIST
					? "A connection of this name has been."
					: "The connection can't be noted.";
		return r == -EEXIST ? "request" : "error";
	}
	if (event_open(c) < 0 && !c->audit_optional) {
		record_remove(RELAY_CONNECTIONS_DIR, c->conn);
		*ret_sentence = gate_sentence("audit");
		return "audit";
	}
	return NULL;
}

static bool hung_up(int fd)
{
	struct pollfd p = {.fd = fd};

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLERR | POLLHUP));
}

/*
 * After its end of file a side is not waited for any more. When it is gone
 * for good, nobody will ever read what the other one still sends.
 */
static bool left_alone(const struct connection *c, const struct pump *p)
{
	for (int i = 0; i < 2; i++) {
		if (!p->flow[i].closed)
			continue;
		if (hung_up(p->side[i]))
			return true;
		if (i == PUMP_CLIENT && identity_gone(p->side[i], c->who))
			return true;
	}
	return false;
}

/*
 * When its ssh has ended, jumpshell seals the recording. Which of the two is
 * seen first is chance; the end of the connection is what happened.
 */
static void name_end(struct connection *c, const struct pump *p)
{
	if (c->live_fd >= 0 && live_sealed(c->live_fd) &&
		hung_up(p->side[PUMP_CLIENT])) {
		c->reason = "peer";
		c->by = NULL;
	}
}

/* Until both ways are over, or one side fails, or the watch cuts. */
static bool copy(struct connection *c, struct pump *p, struct watch *w)
{
	int r = 1, side = PUMP_CLIENT;

	while (r > 0) {
		struct pollfd fds[4];
		int64_t look_ms = w->next_look_ms;

		pump_wants(p, fds);
		fds[2] = (struct pollfd){.fd = w->news, .events = POLLIN};
		fds[3] = (struct pollfd){.fd = w->orders, .events = POLLIN};
		if (poll(fds, 4, watch_wait_ms(w, c)) < 0) {
			if (errno != EINTR)
				return false;
			continue;
		}
		if (watch_cuts(w, c)) {
			if (strcmp(c->reason, "recorder") == 0)
				name_end(c, p);
			return false;
		}
		r = pump_step(p, fds, &side);
		if (r > 0 && w->next_look_ms != look_ms && left_alone(c, p))
			r = -EPIPE;
	}
	c->reason = r == 0 || r == -EPIPE || r == -ECONNRESET || r == -ETIMEDOUT
			    ? "peer"
			    : "error";
	return r == 0;
}

/* The listener has to know before the client does, who then comes again. */
static void say_over(const void *context)
{
	const struct connection *c = context;

	crowd_tell_over(c->others);
}

/* Both ends are connected. Resets both unless they ended by themselves. */
static void run(int client, int target, struct connection *c)
{
	struct watch w;
	struct pump p;
	bool clean = false;

	c->reason = "error";
	if (watch_init(&w, c) == 0) {
		if (pump_init(&p, client, target) == 0) {
			p.before_last = say_over;
			p.context = c;
			clean = copy(c, &p, &w);
			c->bytes_out = p.flow[PUMP_CLIENT].moved;
			c->bytes_in = p.flow[PUMP_TARGET].moved;
			pump_done(&p);
		}
		watch_done(&w);
	}
	if (clean)
		return;
	abort_on_close(client);
	abort_on_close(target);
}

static int set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

/* Everything is decided and written down. */
static void open_and_run(int client, struct connection *c)
{
	static const char ok[] = "ok identified\n";
	_cleanup_close_ int target = -1;

	target = dial(&c->permit, DIAL_TIMEOUT_MS, &c->to);
	if (target < 0) {
		c->reason = dial_reason(target);
		refuse(client, c, c->reason,
			target == -ECONNREFUSED
				? "The target refuses this connection."
				: "The target does not answer.");
		return;
	}
	dial_keepalive(client);
	if (c->who->channel == CHANNEL_BROKERED &&
		send(client, ok, sizeof(ok) - 1, MSG_NOSIGNAL) !=
			(ssize_t)sizeof(ok) - 1)
		c->reason = "peer";
	else if (set_nonblocking(client) < 0)
		c->reason = "error";
	else
		run(client, target, c);
}

static int serve_connection(
	int fd, struct connection *c, const struct line *line)
{
	const char *sentence, *reason = decide(c, line, &sentence);

	if (!reason && crowded(c)) {
		reason = "limit";
		sentence = "There are too many connections at a time.";
	}
	c->opened_ms = moment_boot_ms();
	if (!reason)
		reason = write_down(c, &sentence);
	if (reason)
		return deny(fd, c, reason, sentence);
	open_and_run(fd, c);
	say_over(c);
	event_close(c);
	(void)record_closed(RELAY_CLOSED_DIR, c);
	record_remove(RELAY_CONNECTIONS_DIR, c->conn);
	return 0;
}

static int serve_status(int fd, const struct connection *c)
{
	char answer[128], text[160];
	int r = record_status(RELAY_CONNECTIONS_DIR, RELAY_CLOSED_DIR, c->conn,
		&c->who->session, answer, sizeof(answer));

	if (r < 0)
		snprintf(text, sizeof(text),
			"no unknown There is no such connection.\n");
	else
		snprintf(text, sizeof(text), "ok %s\n", answer);
	say_farewell(fd, text, strlen(text), true);
	return 0;
}

/*
 * jumpshell has refused something by itself and asks whether to tell it: its
 * processes come and go, and only the listener sees all of them.
 */
static int serve_refused(
	int fd, const struct connection *c, const struct line *line)
{
	bool told = is_told(c, line->reason);
	const char *answer = told ? "ok tell\n" : "ok held\n";

	crowd_tell_over(c->others);
	say_farewell(fd, answer, strlen(answer), true);
	return refusal_status(line->reason, told);
}

static int serve_line(int fd, struct connection *c)
{
	char text[LINE_MAX_BYTES];
	struct line line;
	int n = line_read(fd, LINE_TIMEOUT_MS, text);

	if (n < 0 && n != -EMSGSIZE)
		return 0; /* said nothing; there is nothing to refuse */
	if (n < 0 || line_parse(text, (size_t)n, &line) < 0)
		return deny(fd, c, "request", "This line is not understood.");
	if (line.verb == VERB_REFUSED)
		return serve_refused(fd, c, &line);
	memcpy(c->conn, line.conn, sizeof(c->conn));
	if (line.verb == VERB_STATUS)
		return serve_status(fd, c);
	return serve_connection(fd, c, &line);
}

int connection_serve(int fd, const struct identity *who,
	const struct crowd_count *others, const struct tally *refusals)
{
	static const struct line none;
	struct connection c = {
		.who = who,
		.others = others,
		.refusals = refusals,
		.live_fd = -1,
	};
	int r;

	if (who->error != 0)
		return deny(fd, &c, "peer", gate_sentence("peer"));
	if (who->channel == CHANNEL_BROKERED)
		r = serve_line(fd, &c);
	else if (conn_make(c.conn) < 0)
		r = deny(fd, &c, "error", "No random numbers.");
	else
		r = serve_connection(fd, &c, &none);
	cleanup_close(&c.live_fd);
	return r;
}
