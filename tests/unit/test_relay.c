/* SPDX-License-Identifier: BSD-2-Clause */
/* The relay's parts that need no network: words, tables and clocks. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/proc.h"
#include "workers/relay/crowd.h"
#include "workers/relay/dial.h"
#include "workers/relay/line.h"
#include "workers/relay/permit.h"
#include "workers/relay/record.h"
#include "workers/relay/refusal.h"
#include "workers/relay/ssh_refusal.h"
#include "workers/relay/term.h"
#include "tests/unit/scratch.h"

#define CONN "0123456789abcdef"

static int parse(const char *text, struct line *line)
{
	return line_parse(text, strlen(text), line);
}

static void lines_in_any_order(void **state)
{
	struct line line;

	assert_int_equal(
		parse("connect conn=" CONN " target=plc-gw proto=ssh", &line),
		0);
	assert_int_equal(line.verb, VERB_CONNECT);
	assert_string_equal(line.conn, CONN);
	assert_string_equal(line.target, "plc-gw");
	assert_int_equal(line.proto, PROTO_SSH);
	assert_int_equal(
		parse("connect proto=sftp target=hmi-1 conn=" CONN, &line), 0);
	assert_int_equal(line.proto, PROTO_SFTP);
	assert_int_equal(parse("status conn=" CONN, &line), 0);
	assert_int_equal(line.verb, VERB_STATUS);
	assert_int_equal(line.target[0], 0);
	assert_int_equal(parse("refused reason=target", &line), 0);
	assert_int_equal(line.verb, VERB_REFUSED);
	assert_string_equal(line.reason, "target");
}

static void lines_of_other_forms(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"connect",
		"status",
		"CONNECT conn=" CONN " target=a proto=ssh",
		"connect conn=" CONN " target=a",
		"connect conn=" CONN " proto=ssh",
		"connect target=a proto=ssh",
		"connect conn=" CONN " target=a proto=ssh ",
		"connect  conn=" CONN " target=a proto=ssh",
		" connect conn=" CONN " target=a proto=ssh",
		"connect\tconn=" CONN " target=a proto=ssh",
		"connect conn=" CONN " target=a proto=ssh uid=0",
		"connect conn=" CONN " conn=" CONN " target=a proto=ssh",
		"connect conn=" CONN " target=a target=b proto=ssh",
		"connect conn=" CONN " target=a proto=ssh proto=ssh",
		"connect conn=" CONN "0 target=a proto=ssh",
		"connect conn=0123456789ABCDEF target=a proto=ssh",
		"connect conn=../../../etc/pas target=a proto=ssh",
		"connect conn=" CONN " target=../a proto=ssh",
		"connect conn=" CONN " target=A proto=ssh",
		"connect conn=" CONN " target= proto=ssh",
		"connect conn=" CONN " target=a proto=none",
		"connect conn=" CONN " target=a proto=",
		"connect conn=" CONN " target=a proto",
		"connect conn=" CONN " target=a =ssh",
		"status conn=" CONN " target=a",
		"status conn=" CONN " proto=ssh",
		"status conn=",
		"refused",
		"refused reason=",
		"refused reason=nonsense",
		"refused reason=target reason=target",
		"refused reason=target conn=" CONN,
		"refused conn=" CONN,
		"drop conn=" CONN,
		"connect conn=" CONN " target=a proto=ssh\n",
	};
	struct line line = {.verb = VERB_NONE};
	char padded[2 * LINE_MAX_BYTES];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(parse(bad[i], &line), -EBADMSG);
	assert_int_equal(
		line_parse("status conn=" CONN "\0x", 31, &line), -EBADMSG);
	memset(padded, 'a', sizeof(padded));
	assert_int_equal(line_parse(padded, LINE_MAX_BYTES, &line), -EBADMSG);
	assert_int_equal(line.verb, VERB_NONE);
}

/* What follows the line belongs to the connection. */
static void line_takes_no_byte_more(void **state)
{
	static const char bytes[] = "status conn=" CONN "\nSSH-2.0";
	char text[LINE_MAX_BYTES], rest[16] = "";
	int fds[2], n;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(write(fds[1], bytes, strlen(bytes)), strlen(bytes));
	n = line_read(fds[0], 1000, text);
	assert_int_equal(n, strlen("status conn=" CONN));
	assert_int_equal(read(fds[0], rest, sizeof(rest)), 7);
	assert_string_equal(rest, "SSH-2.0");
	assert_int_equal(line_read(fds[0], 20, text), -ETIMEDOUT);
	memset(text, 'x', sizeof(text));
	assert_int_equal(write(fds[1], text, sizeof(text)), sizeof(text));
	assert_int_equal(line_read(fds[0], 1000, text), -EMSGSIZE);
	close(fds[1]);
	assert_int_equal(line_read(fds[0], 1000, text), -EPIPE);
	close(fds[0]);
}

static uint32_t be32(const uint8_t *b)
{
	return (uint32_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
}

/* RFC 4253, section 6: the packet as another implementation reads it. */
static void assert_disconnect(const uint8_t *b, size_t len, const char *text)
{
	static const char version[] = "SSH-2.0-jump\r\n";
	uint32_t packet, text_len;

	assert_true(len <= SSH_REFUSAL_SIZE);
	if (*text && strncmp(text, "SSH-", 4) != 0) {
		size_t line = strlen(text);

		assert_true(len > line + 2);
		assert_memory_equal(b, text, line);
		assert_memory_equal(b + line, "\r\n", 2);
		b += line + 2;
		len -= line + 2;
	}
	assert_true(len > sizeof(version));
	assert_memory_equal(b, version, sizeof(version) - 1);
	b += sizeof(version) - 1;
	len -= sizeof(version) - 1;
	packet = be32(b);
	assert_int_equal(packet + 4, len);
	assert_int_equal(len % 8, 0);
	assert_true(b[4] >= 4);
	assert_int_equal(b[5], 1);
	assert_int_equal(be32(b + 6), 11);
	text_len = be32(b + 10);
	assert_int_equal(text_len, strlen(text));
	assert_memory_equal(b + 14, text, text_len);
	assert_int_equal(be32(b + 14 + text_len), 0);
	assert_int_equal(1 + 1 + 4 + 4 + text_len + 4 + b[4], packet);
}

static void refusals_are_ssh_packets(void **state)
{
	uint8_t bytes[SSH_REFUSAL_SIZE];
	char text[600], wanted[600];

	for (size_t n = 0; n <= SSH_REFUSAL_TEXT_MAX; n++) {
		memset(text, 'x', n);
		text[n] = '\0';
		assert_disconnect(bytes, ssh_refusal(text, bytes), text);
	}
	memset(text, 'y', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	snprintf(wanted, sizeof(wanted), "%.*s", SSH_REFUSAL_TEXT_MAX, text);
	assert_disconnect(bytes, ssh_refusal(text, bytes), wanted);
	assert_disconnect(
		bytes, ssh_refusal("a\x1b[2J\r\n\xff", bytes), "a?[2J???");
	assert_disconnect(bytes, ssh_refusal("SSH-x", bytes), "SSH-x");
}

static void crowds_are_counted(void **state)
{
	struct crowd *c = calloc(1, sizeof(*c));
	struct crowd_member m = {.uid = 7, .session = 70}, got;
	struct crowd_count n;

	assert_non_null(c);
	for (pid_t pid = 100; pid < 103; pid++) {
		m.pid = pid;
		assert_true(crowd_add(c, &m));
	}
	m = (struct crowd_member){.pid = 103, .uid = 7, .session = 71};
	assert_true(crowd_add(c, &m));
	m = (struct crowd_member){.pid = 104, .uid = 8};
	assert_true(crowd_add(c, &m));
	n = crowd_with(c, 7, 70);
	assert_int_equal(n.all, 6);
	assert_int_equal(n.of_uid, 5);
	assert_int_equal(n.of_session, 4);
	n = crowd_with(c, 8, 0); /* unknown sessions are not one session */
	assert_int_equal(n.of_session, 1);
	assert_true(crowd_remove(c, 101, &got));
	assert_int_equal(got.session, 70);
	assert_false(crowd_remove(c, 101, &got));
	assert_int_equal(crowd_with(c, 7, 70).of_session, 3);
	/* what is over takes no place, its process does */
	assert_true(crowd_over(c, 102));
	assert_false(crowd_over(c, 101));
	n = crowd_with(c, 7, 70);
	assert_int_equal(n.of_session, 2);
	assert_int_equal(n.of_uid, 3);
	assert_int_equal(n.all_of_uid, 4);
	assert_int_equal(n.all, 5);
	/* who only waits to be heard is not let take all of them either */
	for (pid_t pid = 1000; c->count < CROWD_MAX; pid++) {
		n = crowd_with(c, 8, 0);
		assert_int_equal(crowd_full(&n), n.all_of_uid > CROWD_UID_MAX);
		n = crowd_with(c, 7, 0);
		assert_false(crowd_full(&n));
		m.pid = pid;
		assert_true(crowd_add(c, &m));
	}
	assert_false(crowd_add(c, &m));
	n = crowd_with(c, 7, 0);
	assert_true(crowd_full(&n));
	free(c);
}

static void knocking_is_paced(void **state)
{
	struct crowd *c = calloc(1, sizeof(*c));
	int64_t now_ms = 1000000;
	int may = 0;

	assert_non_null(c);
	for (int i = 0; i < 1000; i++)
		may += crowd_may_knock(c, 7, now_ms);
	assert_int_equal(may, CROWD_BURST);
	assert_true(crowd_may_knock(c, 8, now_ms)); /* another's affair */
	now_ms += 1000;
	may = 0;
	for (int i = 0; i < 1000; i++)
		may += crowd_may_knock(c, 7, now_ms);
	assert_int_equal(may, CROWD_PER_SEC);
	/* More uids than are remembered: the quiet ones are forgotten. */
	for (uint32_t uid = 100; uid < 100 + 2 * CROWD_UIDS; uid++)
		assert_true(crowd_may_knock(c, uid, ++now_ms));
	free(c);
}

/* What a process leaves to the listener is what it meant. */
static void refusals_travel_in_a_status(void **state)
{
	static const char *const ours[] = {"error", "peer", "clock", "stale",
		"audit", "limit", "pace", "recorder", "certificate", "via"};
	bool told;

	for (int r = REASON_OK + 1; r < REASON_COUNT; r++) {
		const char *word = reason_word((enum reason)r);

		assert_true(refusal_known(word));
		for (int t = 0; t < 2; t++) {
			int status = refusal_status(word, t);

			assert_in_range(status, 64, 255);
			assert_string_equal(
				refusal_of_status(status, &told), word);
			assert_int_equal(told, t);
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		assert_string_equal(
			refusal_of_status(
				refusal_status(ours[i], false), &told),
			ours[i]);
	assert_false(refusal_known("nonsense"));
	assert_false(refusal_known("ok"));
	assert_string_equal(
		refusal_of_status(refusal_status("nonsense", true), &told),
		"error");
	for (int status = 0; status < 64; status++)
		assert_null(refusal_of_status(status, &told));
	for (int status = 64; status < 192; status++)
		assert_non_null(refusal_of_status(status, &told));
	assert_null(refusal_of_status(192, &told));
}

static const struct moment_clock noon = {.trusted = true, .offset_ms = 1000};

static struct permit until(int64_t sec, uint32_t grace_sec)
{
	struct permit p = {.allow = true, .until = sec, .grace_sec = grace_sec};

	return p;
}

static void terms_follow_the_window(void **state)
{
	struct permit p = until(100, 5);
	struct term t = term_start(&p, &noon);

	assert_int_equal(t.end_ms, 105000 - 1000);
	assert_string_equal(t.reason, "window");
	p = until(200, 5); /* extended */
	term_renew(&t, &p, &noon, 50000);
	assert_int_equal(t.end_ms, 204000);
	p = until(80, 5); /* shortened */
	term_renew(&t, &p, &noon, 50000);
	assert_int_equal(t.end_ms, 84000);
}

static void taking_away_leaves_the_grace(void **state)
{
	struct permit p = until(100, 5), no = permit_no("revoked", "");
	struct term t = term_start(&p, &noon);

	term_renew(&t, &no, &noon, 50000);
	assert_int_equal(t.end_ms, 55000);
	assert_string_equal(t.reason, "revoked");
	/* Refused once more: the first grace counts. */
	no = permit_no("target", "");
	term_renew(&t, &no, &noon, 53000);
	assert_int_equal(t.end_ms, 55000);
	/* Given back: the window again. */
	term_renew(&t, &p, &noon, 54000);
	assert_int_equal(t.end_ms, 104000);
	assert_string_equal(t.reason, "window");
	/* At the end of the window no refusal adds a grace of its own. */
	no = permit_no("late", "");
	term_renew(&t, &no, &noon, 103000);
	assert_int_equal(t.end_ms, 104000);
	assert_string_equal(t.reason, "window");
}

static void terms_never_overflow_into_the_future(void **state)
{
	struct permit p = until(INT64_MAX, UINT32_MAX);
	struct permit zero = {0};

	assert_true(term_start(&p, &noon).end_ms < 0);
	assert_true(term_start(&zero, &noon).end_ms < 0);
	p = until(INT64_MAX / 1000, 0);
	assert_true(
		term_start(&p, &(struct moment_clock){.offset_ms = INT64_MIN})
			.end_ms < 0);
}

static void refusals_map_to_reasons(void **state)
{
	assert_string_equal(term_reason("late"), "window");
	assert_string_equal(term_reason("error"), "error");
	for (int r = 0; r < REASON_COUNT; r++) {
		if (r != REASON_LATE)
			assert_string_equal(
				term_reason(reason_word((enum reason)r)),
				"revoked");
	}
	assert_string_equal(dial_reason(-ECONNREFUSED), "refused");
	assert_string_equal(dial_reason(-ETIMEDOUT), "unreachable");
	assert_string_equal(dial_reason(-EHOSTUNREACH), "unreachable");
	assert_string_equal(dial_reason(-EPERM), "error");
}

/* One user, one target with both families, one conduit. */
struct site {
	struct zone zone;
	struct target target;
	struct conduit conduit;
	char names[1][NAME_SIZE];
	struct grant grant;
	struct rights_view view;
	struct session_record session;
};

static void site_make(struct site *s)
{
	memset(s, 0, sizeof(*s));
	FILL(s->zone.name, "cell-a");
	FILL(s->target.name, "plc-gw");
	FILL(s->target.zone, "cell-a");
	s->target.address_count = 2;
	assert_int_equal(
		address_parse("10.20.0.10", &s->target.addresses[0]), 0);
	assert_int_equal(
		address_parse("fd00:20::10", &s->target.addresses[1]), 0);
	s->target.protocols.named = 1u << PROTO_SSH | 1u << PROTO_VNC;
	s->target.port[PROTO_SSH][0] = 22;
	s->target.port[PROTO_VNC][0] = 5900;
	FILL(s->target.accounts[0], "maint");
	s->target.account_count = 1;
	FILL(s->conduit.name, "c");
	FILL(s->conduit.users[0], "acme-*");
	FILL(s->conduit.zones[0], "cell-a");
	s->conduit.user_count = s->conduit.zone_count = 1;
	s->conduit.protocols = s->target.protocols;
	s->conduit.max_window_sec = 1000;
	s->conduit.grace_sec = 7;
	s->conduit.approvals = 1;
	s->conduit.max_connections = 3;
	s->conduit.max_sessions = 2;
	s->conduit.record = RECORD_OPTIONAL;
	FILL(s->names[0], "plc-gw");
	FILL(s->grant.id, "G1");
	FILL(s->grant.user, "acme-tech1");
	FILL(s->grant.account, "maint");
	FILL(s->grant.approvers[0], "bob");
	s->grant.approver_count = 1;
	s->grant.uid = 1900000001;
	s->grant.targets = s->names;
	s->grant.target_count = 1;
	s->grant.protocols = s->target.protocols;
	s->grant.not_before = 1000;
	s->grant.not_after = 2000;
	s->grant.record = RECORD_OPTIONAL;
	s->view.policy.zones = &s->zone;
	s->view.policy.targets = &s->target;
	s->view.policy.conduits = &s->conduit;
	s->view.policy.zone_count = s->view.policy.target_count =
		s->view.policy.conduit_count = 1;
	s->view.grants = &s->grant;
	s->view.grant_count = 1;
	FILL(s->session.user, "acme-tech1");
	s->session.uid = 1900000001;
	assert_int_equal(
		address_parse("192.0.2.7", &s->session.source_address), 0);
}

static struct ask tunnel_to(
	const struct site *s, const char *address, uint16_t port)
{
	struct ask ask = {.channel = CHANNEL_TUNNEL,
		.session = &s->session,
		.at.port = port};

	assert_int_equal(address_parse(address, &ask.at.address), 0);
	return ask;
}

static void permits_of_tunnels(void **state)
{
	struct site s;
	struct ask ask;
	struct permit p;

	site_make(&s);
	ask = tunnel_to(&s, "fd00:20::10", 5900);
	p = permit_from_view(&s.view, &ask, 1500);
	assert_true(p.allow);
	assert_string_equal(p.reason, "ok");
	assert_string_equal(p.target, "plc-gw");
	assert_string_equal(p.grant, "G1");
	assert_int_equal(p.proto, PROTO_VNC);
	assert_int_equal(p.address_count, 1); /* where it was going, only */
	assert_int_equal(p.addresses[0].family, AF_INET6);
	assert_int_equal(p.port, 5900);
	assert_int_equal(p.until, 2000);
	assert_int_equal(p.grace_sec, 7);
	assert_int_equal(p.max_connections, 3);
	assert_int_equal(p.max_sessions, 2);

	ask = tunnel_to(&s, "10.20.0.10", 23);
	p = permit_from_view(&s.view, &ask, 1500);
	assert_false(p.allow);
	assert_string_equal(p.reason, "target");
	ask = tunnel_to(&s, "10.20.0.11", 22);
	assert_false(permit_from_view(&s.view, &ask, 1500).allow);
	s.view.grant_count = 0;
	assert_string_equal(
		permit_from_view(&s.view, &ask, 1500).reason, "no_grant");
}

/* A grant of one port opens no other one, and says which in its refusal. */
static void permits_of_single_ports(void **state)
{
	struct site s;
	struct ask ask;
	struct permit p;

	site_make(&s);
	assert_int_equal(proto_set_parse("https tcp/502 tcp/4840",
				 &s.target.protocols),
		0);
	s.target.port[PROTO_HTTPS][0] = 443;
	s.target.port[PROTO_HTTPS][1] = 8443;
	assert_int_equal(
		proto_set_parse("https tcp/502", &s.grant.protocols), 0);
	s.conduit.protocols = s.target.protocols;
	for (int i = 0; i < 3; i++) {
		const uint16_t ports[] = {443, 8443, 502};

		ask = tunnel_to(&s, "10.20.0.10", ports[i]);
		p = permit_from_view(&s.view, &ask, 1500);
		assert_true(p.allow);
		assert_int_equal(p.port, ports[i]);
		assert_int_equal(p.proto, i < 2 ? PROTO_HTTPS : PROTO_TCP);
	}
	ask = tunnel_to(&s, "10.20.0.10", 4840);
	p = permit_from_view(&s.view, &ask, 1500);
	assert_false(p.allow);
	assert_string_equal(p.reason, "protocol");
	assert_int_equal(p.proto, PROTO_TCP);
	s.conduit.protocols = (struct proto_set){.any_port = true};
	ask = tunnel_to(&s, "10.20.0.10", 502);
	assert_true(permit_from_view(&s.view, &ask, 1500).allow);
	ask = tunnel_to(&s, "10.20.0.10", 443);
	assert_string_equal(
		permit_from_view(&s.view, &ask, 1500).reason, "policy");
	s.conduit.record = RECORD_REQUIRED;
	ask = tunnel_to(&s, "10.20.0.10", 502);
	assert_string_equal(
		permit_from_view(&s.view, &ask, 1500).reason, "recording");
}

static void permits_in_time(void **state)
{
	struct site s;
	struct ask ask;

	site_make(&s);
	ask = tunnel_to(&s, "10.20.0.10", 22);
	assert_string_equal(
		permit_from_view(&s.view, &ask, 999).reason, "early");
	assert_true(permit_from_view(&s.view, &ask, 1000).allow);
	assert_true(permit_from_view(&s.view, &ask, 1999).allow);
	assert_string_equal(
		permit_from_view(&s.view, &ask, 2000).reason, "late");
	s.grant.revoked = true;
	assert_string_equal(
		permit_from_view(&s.view, &ask, 1500).reason, "revoked");
}

/* To a hop nothing is spoken but ssh, whatever stands behind it. */
static void behind_a_hop_there_is_ssh_alone(void **state)
{
	struct target both[2];
	struct site s;
	struct ask ask = {.channel = CHANNEL_BROKERED,
		.session = &s.session,
		.target = "plc-gw"};

	site_make(&s);
	both[0] = both[1] = s.target;
	FILL(both[0].name, "hop");
	FILL(both[1].via, "hop");
	both[0].hop_only = true;
	assert_int_equal(address_parse("10.20.0.9", &both[0].addresses[0]), 0);
	both[0].address_count = 1;
	both[0].port[PROTO_SSH][0] = 2222;
	s.view.policy.targets = both;
	s.view.policy.target_count = 2;
	for (int p = PROTO_NONE + 1; p < PROTO_TCP; p++) {
		const bool ssh = p == PROTO_SSH || p == PROTO_SFTP;
		struct permit permit;

		ask.proto = (enum proto)p;
		both[0].protocols.named = 1u << PROTO_SSH;
		both[1].protocols = s.conduit.protocols = s.grant.protocols =
			(struct proto_set){.named = 1u << p};
		s.conduit.record = RECORD_NONE;
		s.grant.record = RECORD_NONE;
		permit = permit_from_view(&s.view, &ask, 1500);
		assert_int_equal(permit.allow, ssh);
		assert_string_equal(permit.reason, ssh ? "ok" : "via");
		assert_string_equal(permit.via, "hop");
		assert_int_equal(permit.port, 2222);
	}
	/* and the hop is granted by nobody, on either road */
	ask.target = "hop";
	ask.proto = PROTO_SSH;
	assert_false(permit_from_view(&s.view, &ask, 1500).allow);
	ask = tunnel_to(&s, "10.20.0.9", 2222);
	assert_false(permit_from_view(&s.view, &ask, 1500).allow);
}

/* A live recording of an ssh session says nothing of what is not ssh. */
static void a_recording_vouches_for_ssh_alone(void **state)
{
	struct site s;
	struct ask ask = {.channel = CHANNEL_BROKERED,
		.session = &s.session,
		.target = "plc-gw",
		.recording = true};

	site_make(&s);
	for (int p = PROTO_NONE + 1; p < PROTO_TCP; p++) {
		struct permit permit;

		ask.proto = (enum proto)p;
		s.target.protocols = s.conduit.protocols = s.grant.protocols =
			(struct proto_set){.named = 1u << p};
		s.target.port[p][0] = proto_default_port(ask.proto);
		s.conduit.record = RECORD_REQUIRED;
		permit = permit_from_view(&s.view, &ask, 1500);
		assert_int_equal(permit.allow,
			p == PROTO_SSH || p == PROTO_SFTP || p == PROTO_TELNET);
		if (!permit.allow)
			assert_string_equal(permit.reason, "recording");
		s.conduit.record = RECORD_NONE;
		assert_true(permit_from_view(&s.view, &ask, 1500).allow);
	}
}

static void recording_is_required_on_both_roads(void **state)
{
	struct site s;
	struct ask ask;
	struct permit p;

	site_make(&s);
	s.conduit.record = RECORD_REQUIRED;
	ask = tunnel_to(&s, "10.20.0.10", 22);
	p = permit_from_view(&s.view, &ask, 1500);
	assert_false(p.allow);
	assert_string_equal(p.reason, "recording");
	assert_string_equal(p.target, "plc-gw"); /* for the sentence */
	assert_int_equal(p.proto, PROTO_SSH);

	ask = (struct ask){.channel = CHANNEL_BROKERED,
		.session = &s.session,
		.target = "plc-gw",
		.proto = PROTO_SSH};
	assert_string_equal(
		permit_from_view(&s.view, &ask, 1500).reason, "recording");
	ask.recording = true;
	p = permit_from_view(&s.view, &ask, 1500);
	assert_true(p.allow);
	assert_true(p.must_record);
	assert_int_equal(p.address_count, 2);
	assert_int_equal(p.port, 22);
	assert_string_equal(p.account, "maint");
}

static char records[] = "/tmp/jump-relay-XXXXXX";

static struct connection some_connection(struct identity *who)
{
	struct connection c = {.who = who, .conn = CONN, .live_fd = -1};

	memset(who, 0, sizeof(*who));
	who->channel = CHANNEL_TUNNEL;
	who->session.uid = 1900000001;
	FILL(who->session.uuid, "6f1c1d9e-3a7b-4c58-9a53-0d1f4be0a001");
	FILL(who->session.scope, "session-5.scope");
	FILL(who->session.user, "acme-tech1");
	FILL(c.permit.grant, "G1");
	FILL(c.permit.target, "plc-gw");
	c.permit.proto = PROTO_SSH;
	c.permit.until = 2000;
	c.to.port = 22;
	assert_int_equal(address_parse("10.20.0.10", &c.to.address), 0);
	c.reason = "window";
	c.bytes_in = 5;
	c.bytes_out = 7;
	return c;
}

static void records_are_made_once(void **state)
{
	struct identity who;
	struct connection c = some_connection(&who);
	_cleanup_keyfile_ struct keyfile k = {0};
	char path[128], answer[128];
	struct stat st;
	uint64_t pid;

	snprintf(path, sizeof(path), "%s/" CONN, records);
	assert_int_equal(record_create(records, &c), 0);
	assert_int_equal(record_create(records, &c), -EEXIST);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(keyfile_read(-100, path, getuid(), &k), 0);
	assert_string_equal(keyfile_text(&k, "target"), "plc-gw");
	assert_string_equal(keyfile_text(&k, "address"), "10.20.0.10");
	assert_string_equal(keyfile_text(&k, "channel"), "tunnel");
	assert_string_equal(keyfile_text(&k, "recorded"), "0");
	assert_int_equal(keyfile_number(&k, "pid", &pid), 0);
	assert_int_equal(pid, getpid());
	assert_int_equal(record_status(records, records, CONN, &who.session,
				 answer, sizeof(answer)),
		0);
	assert_string_equal(answer, "open");
	record_remove(records, CONN);
	assert_int_equal(stat(path, &st), -1);
}

static void records_name_a_port(void **state)
{
	struct identity who;
	struct connection c = some_connection(&who);
	_cleanup_keyfile_ struct keyfile k = {0};
	char path[128];

	c.permit.proto = PROTO_TCP;
	c.to.port = 502;
	snprintf(path, sizeof(path), "%s/" CONN, records);
	assert_int_equal(record_create(records, &c), 0);
	assert_int_equal(keyfile_read(-100, path, getuid(), &k), 0);
	assert_string_equal(keyfile_text(&k, "proto"), "tcp/502");
	record_remove(records, CONN);
}

static void ends_are_told_to_their_session_alone(void **state)
{
	struct identity who;
	struct connection c = some_connection(&who);
	char answer[128];

	assert_int_equal(record_closed(records, &c), 0);
	assert_int_equal(record_status("/nonexistent", records, CONN,
				 &who.session, answer, sizeof(answer)),
		0);
	assert_string_equal(
		answer, "closed reason=window bytes_in=5 bytes_out=7");
	who.session.uuid[0] = '7';
	assert_int_equal(record_status("/nonexistent", records, CONN,
				 &who.session, answer, sizeof(answer)),
		-ENOENT);
	who.session.uuid[0] = '6';
	who.session.uid++;
	assert_int_equal(record_status("/nonexistent", records, CONN,
				 &who.session, answer, sizeof(answer)),
		-ENOENT);
	record_closed_sweep(records); /* too young to go */
	who.session.uid--;
	assert_int_equal(record_status("/nonexistent", records, CONN,
				 &who.session, answer, sizeof(answer)),
		0);
	record_remove(records, CONN);
}

static int adopted, buried;

static void adopt(void *context, const struct record_life *life)
{
	adopted += life->uid == 1900000001 && life->pid == getpid();
}

static void bury(void *context, const char *conn, const struct keyfile *k)
{
	buried += strcmp(keyfile_text(k, "target"), "plc-gw") == 0;
}

/* A record of a process that is gone, or whose pid is another's by now. */
static void the_dead_are_buried_once(void **state)
{
	const struct record_sweeper sweeper = {adopt, bury, NULL};
	struct identity who;
	struct connection c = some_connection(&who);
	struct keyfile_writer w = {0};
	struct fd_replace how = {
		.name = "fedcba9876543210", .mode = 0640, .uid = -1, .gid = -1};
	_cleanup_close_ int dirfd = open(records, O_RDONLY | O_DIRECTORY);
	unsigned long long start;

	assert_int_equal(record_create(records, &c), 0);
	assert_int_equal(proc_start_time(getpid(), &start), 0);
	keyfile_add(&w, "scope", "session-5.scope");
	keyfile_add(&w, "target", "plc-gw");
	keyfile_add_number(&w, "uid", 1900000001);
	keyfile_add_number(&w, "pid", (uint64_t)getpid());
	keyfile_add_number(&w, "pid_start", start + 1);
	assert_int_equal(keyfile_writer_replace(&w, dirfd, &how), 0);
	adopted = buried = 0;
	assert_int_equal(record_sweep(records, &sweeper), 1);
	assert_int_equal(adopted, 1);
	assert_int_equal(buried, 1);
	assert_int_equal(record_sweep(records, &sweeper), 1);
	assert_int_equal(buried, 1);
	record_remove(records, CONN);
	assert_int_equal(record_sweep("/nonexistent", &sweeper), -ENOENT);
}

static int setup(void **state)
{
	return mkdtemp(records) ? 0 : -1;
}

static int teardown(void **state)
{
	return rmdir(records); /* nothing may be left in it */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_in_any_order),
		cmocka_unit_test(lines_of_other_forms),
		cmocka_unit_test(line_takes_no_byte_more),
		cmocka_unit_test(refusals_are_ssh_packets),
		cmocka_unit_test(crowds_are_counted),
		cmocka_unit_test(knocking_is_paced),
		cmocka_unit_test(refusals_travel_in_a_status),
		cmocka_unit_test(terms_follow_the_window),
		cmocka_unit_test(taking_away_leaves_the_grace),
		cmocka_unit_test(terms_never_overflow_into_the_future),
		cmocka_unit_test(refusals_map_to_reasons),
		cmocka_unit_test(permits_of_tunnels),
		cmocka_unit_test(permits_of_single_ports),
		cmocka_unit_test(permits_in_time),
		cmocka_unit_test(behind_a_hop_there_is_ssh_alone),
		cmocka_unit_test(a_recording_vouches_for_ssh_alone),
		cmocka_unit_test(recording_is_required_on_both_roads),
		cmocka_unit_test(records_are_made_once),
		cmocka_unit_test(records_name_a_port),
		cmocka_unit_test(ends_are_told_to_their_session_alone),
		cmocka_unit_test(the_dead_are_buried_once),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
