/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_decide() against a second opinion written as one plain condition,
 * and its laws: more grants never take a right away, less policy never gives
 * one, every refusal says why. Small worlds, so that yes and no are both
 * frequent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "policy/decide.h"
#include "tests/unit/random.h"

#define ROUNDS	 30000
#define ZONES	 3
#define TARGETS	 4
#define CONDUITS 4
#define GRANTS	 4

static const char *const zone_names[] = {"cell-a", "cell-b", "cell-c"};
static const char *const target_names[] = {"hmi", "plc", "scada", "turbine"};
static const char *const users[] = {"acme-one", "acme-two", "beta-one"};
static const char *const patterns[] = {
	"acme-*", "acme-one", "beta-*", "acme-one*"};
static const char *const accounts[] = {"maint", "oper"};
static const char *const approvers[] = {"ann", "bob", "acme-one", ""};

struct world {
	struct policy policy;
	struct zone zones[ZONES];
	struct target targets[TARGETS];
	struct conduit conduits[CONDUITS];
	struct grant grants[GRANTS];
	char granted[GRANTS][TARGETS][NAME_SIZE];
	size_t grant_count;
	struct request request;
	int64_t now;
};

static void name_set(char name[NAME_SIZE], const char *text)
{
	snprintf(name, NAME_SIZE, "%s", text);
}

#define SECOND_PORT 9443 /* of https, where a target has two */
#define PICK(list)  ((list)[random_below(ARRAY_LEN(list))])

static const uint16_t tcp_ports[] = {502, 4840, 44818};

static struct proto_set random_protos(void)
{
	struct proto_set set = {
		.named = (uint32_t)(random_next() | random_next() |
				    random_next()) &
			 PROTO_NAMED_ALL};

	for (size_t i = 0; i < ARRAY_LEN(tcp_ports); i++) {
		if (!random_one_in(3))
			(void)proto_set_add(&set, PROTO_TCP, tcp_ports[i]);
	}
	return set;
}

static void make_zones(struct world *w)
{
	size_t n = 0;

	for (size_t i = 0; i < ZONES; i++) {
		if (random_one_in(8))
			continue;
		w->zones[n] = (struct zone){.origin.line = 1};
		name_set(w->zones[n++].name, zone_names[i]);
	}
	w->policy.zones = w->zones;
	w->policy.zone_count = n;
}

static void make_targets(struct world *w)
{
	size_t n = 0;

	for (size_t i = 0; i < TARGETS; i++) {
		struct target *t = &w->targets[n];

		if (random_one_in(8))
			continue;
		*t = (struct target){0};
		t->protocols = random_protos();
		if (random_one_in(8))
			name_set(t->via, "hop");
		name_set(t->name, target_names[i]);
		name_set(t->zone, PICK(zone_names));
		for (size_t a = 0; a < ARRAY_LEN(accounts); a++) {
			if (!random_one_in(3))
				name_set(t->accounts[t->account_count++],
					accounts[a]);
		}
		for (unsigned p = 1; p < PROTO_COUNT; p++) {
			if (p == PROTO_SFTP || p == PROTO_TCP ||
				!random_one_in(2))
				continue;
			t->port[p][0] = (uint16_t)(1000 + p);
			if (p == PROTO_HTTPS && random_one_in(2))
				t->port[p][1] = SECOND_PORT;
		}
		n++;
	}
	w->policy.targets = w->targets;
	w->policy.target_count = n;
}

static void make_conduits(struct world *w)
{
	size_t n = 1 + random_below(CONDUITS);

	for (size_t i = 0; i < n; i++) {
		struct conduit *c = &w->conduits[i];

		*c = (struct conduit){
			.max_window_sec = (uint32_t)random_below(40),
			.approvals = (uint16_t)(1 + random_one_in(4)),
			.record = (enum record)random_below(3),
			.files = (uint8_t)random_below(4),
			.otp_grace_sec = (uint32_t)random_below(3),
			.max_sessions = (uint16_t)random_below(3)};
		c->protocols = random_protos();
		c->protocols.any_port = random_one_in(3);
		c->user_count = 1 + random_below(2);
		for (size_t j = 0; j < c->user_count; j++)
			name_set(c->users[j], PICK(patterns));
		c->zone_count = 1 + random_below(3);
		for (size_t j = 0; j < c->zone_count; j++)
			name_set(c->zones[j], PICK(zone_names));
		snprintf(c->origin.file, ORIGIN_FILE_SIZE, "c%zu", i);
		c->origin.line = (uint32_t)i + 1;
	}
	w->policy.conduits = w->conduits;
	w->policy.conduit_count = n;
}

static void make_grant(struct grant *g, char (*granted)[NAME_SIZE])
{
	*g = (struct grant){.targets = (const char(*)[NAME_SIZE])granted,
		.uid = 1900000000u + (uint32_t)random_below(2),
		.not_before = (int64_t)random_below(8),
		.revoked = random_one_in(8),
		.record = (enum record)random_below(3),
		.files = (uint8_t)random_below(4)};
	g->protocols = random_protos();
	g->not_after = g->not_before + (int64_t)random_below(20);
	name_set(g->user, PICK(users));
	if (!random_one_in(5))
		name_set(g->account, PICK(accounts));
	g->target_count = 1 + random_below(TARGETS);
	for (size_t i = 0; i < g->target_count; i++)
		name_set(granted[i], PICK(target_names));
	g->approver_count = 1 + random_below(3);
	for (size_t i = 0; i < g->approver_count; i++)
		name_set(g->approvers[i], PICK(approvers));
	g->source_count = random_one_in(6);
	if (g->source_count)
		network_parse("192.0.2.0/25", &g->sources[0]);
}

static void make_request(struct world *w)
{
	struct request *q = &w->request;

	*q = (struct request){.user = PICK(users),
		.uid = 1900000000u + (uint32_t)random_below(2),
		.channel = (enum channel)(1 + random_below(3)),
		.target = PICK(target_names),
		.proto = (enum proto)(1 + random_below(PROTO_COUNT - 1)),
		.account = random_one_in(2) ? PICK(accounts) : NULL,
		.recording = random_one_in(2)};
	if (random_one_in(2))
		q->proto = PROTO_SSH;
	if (q->proto == PROTO_TCP)
		q->port = PICK(tcp_ports);
	else if (random_one_in(8))
		q->port = random_one_in(2) ? SECOND_PORT : 1000 + q->proto;
	if (random_one_in(6))
		q->files = (uint8_t)random_below(4);
	address_parse(
		random_one_in(2) ? "192.0.2.9" : "192.0.2.200", &q->source);
	w->now = (int64_t)random_below(20);
}

static void make_world(struct world *w)
{
	memset(w, 0, sizeof(*w));
	make_zones(w);
	make_targets(w);
	make_conduits(w);
	w->grant_count = random_below(GRANTS + 1);
	for (size_t i = 0; i < GRANTS; i++)
		make_grant(&w->grants[i], w->granted[i]);
	make_request(w);
	if (w->grant_count && !random_one_in(4)) {
		w->request.user = w->grants[0].user;
		w->request.uid = w->grants[0].uid;
	}
}

static struct decision decide(const struct world *w)
{
	return policy_decide_any(
		&w->policy, &w->request, w->grants, w->grant_count, w->now);
}

/* ---- the second opinion ---- */

static bool listed(const char (*list)[NAME_SIZE], size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i], name))
			return true;
	return false;
}

static unsigned approvals(const struct grant *g)
{
	bool ann = false, bob = false, one = false;

	for (size_t i = 0; i < g->approver_count; i++) {
		ann |= !strcmp(g->approvers[i], "ann");
		bob |= !strcmp(g->approvers[i], "bob");
		one |= !strcmp(g->approvers[i], "acme-one");
	}
	return ann + bob + (one && strcmp(g->user, "acme-one") != 0);
}

static bool user_matches(const struct conduit *c, const char *user)
{
	for (size_t i = 0; i < c->user_count; i++) {
		const char *star = strchr(c->users[i], '*');
		size_t n = star ? (size_t)(star - c->users[i]) : NAME_SIZE;

		if (!strncmp(c->users[i], user, n))
			return true;
	}
	return false;
}

/* Is the word in the set? The order of ports says nothing here. */
static bool has_word(const struct proto_set *set, enum proto p, uint16_t port)
{
	if (p != PROTO_TCP)
		return set->named >> p & 1;
	for (size_t i = 0; i < set->port_count; i++) {
		if (set->ports[i] == port)
			return true;
	}
	return set->any_port;
}

/* Does the target have the port that was asked for? */
static bool port_fits(const struct target *t, enum proto p, uint16_t port)
{
	uint16_t first = t->port[p == PROTO_SFTP ? PROTO_SSH : p][0];

	if (port == 0 || p == PROTO_TCP)
		return true;
	return port == (first ? first : proto_default_port(p)) ||
	       (p == PROTO_HTTPS && port == t->port[p][1]);
}

static bool opinion(const struct world *w, const struct grant *g,
	const struct target *t, const struct conduit *c, enum proto proto,
	uint16_t port)
{
	const struct request *q = &w->request;
	bool login = q->channel == CHANNEL_LOGIN, zone = false;
	bool tunnel = q->channel == CHANNEL_TUNNEL;
	bool account = proto == PROTO_SSH || proto == PROTO_SFTP ||
		       proto == PROTO_TELNET;
	bool must =
		g->record == RECORD_REQUIRED || c->record == RECORD_REQUIRED;

	for (size_t i = 0; i < w->policy.zone_count; i++)
		zone |= !strcmp(w->zones[i].name, t->zone);
	return zone && !strcmp(g->user, q->user) && g->uid == q->uid &&
	       g->not_before <= w->now && w->now < g->not_after &&
	       !g->revoked && listed(g->targets, g->target_count, t->name) &&
	       has_word(&g->protocols, proto, port) &&
	       has_word(&t->protocols, proto, port) &&
	       has_word(&c->protocols, proto, port) &&
	       (login || port_fits(t, proto, port)) &&
	       (!account || (g->account[0] &&
				    listed((const void *)t->accounts,
					    t->account_count, g->account))) &&
	       (!account || login || !q->account ||
		       !strcmp(q->account, g->account)) &&
	       !(proto == PROTO_SFTP && tunnel) &&
	       !(proto == PROTO_TELNET && tunnel) && !(t->via[0] && tunnel) &&
	       user_matches(c, g->user) &&
	       listed((const void *)c->zones, c->zone_count, t->zone) &&
	       g->not_after - g->not_before <= c->max_window_sec &&
	       approvals(g) >= c->approvals &&
	       (!g->source_count || q->source.bytes[3] < 128) &&
	       (login || ((g->files & c->files & q->files) == q->files &&
				 (!must || q->recording)));
}

static bool any_port_of(const struct world *w, const struct grant *g,
	const struct target *t, const struct conduit *c, enum proto p)
{
	const struct request *q = &w->request;

	if (q->channel != CHANNEL_LOGIN || p != PROTO_TCP)
		return opinion(w, g, t, c, p, q->port);
	for (size_t i = 0; i < ARRAY_LEN(tcp_ports); i++) {
		if (opinion(w, g, t, c, p, tcp_ports[i]))
			return true;
	}
	return false;
}

static bool oracle(const struct world *w, const struct grant *g)
{
	const struct request *q = &w->request;
	bool login = q->channel == CHANNEL_LOGIN;

	for (size_t t = 0; t < w->policy.target_count; t++) {
		for (size_t c = 0; c < w->policy.conduit_count; c++) {
			for (unsigned p = 1; p < PROTO_COUNT; p++) {
				if (!login && (p != q->proto ||
						      strcmp(w->targets[t].name,
							      q->target)))
					continue;
				if (any_port_of(w, g, &w->targets[t],
					    &w->conduits[c], (enum proto)p))
					return true;
			}
		}
	}
	return false;
}

static bool oracle_any(const struct world *w)
{
	for (size_t i = 0; i < w->grant_count; i++) {
		if (oracle(w, &w->grants[i]))
			return true;
	}
	return false;
}

/* ---- laws ---- */

static void agrees_with_second_opinion(void **state)
{
	size_t yes = 0, reasons[REASON_COUNT] = {0};

	random_seed(__func__);
	for (size_t i = 0; i < ROUNDS; i++) {
		struct world w;
		struct decision d;

		make_world(&w);
		d = decide(&w);
		assert_int_equal(d.allow, oracle_any(&w));
		yes += d.allow;
		reasons[d.reason]++;
	}
	printf("%zu of %d allowed\n", yes, ROUNDS);
	assert_true(yes > ROUNDS / 50);
	for (int r = REASON_OK; r < REASON_REQUEST; r++)
		assert_true(reasons[r] > 0);
	assert_true(reasons[REASON_FILES] > 0);
}

static void every_refusal_says_why(void **state)
{
	random_seed(__func__);
	for (size_t i = 0; i < ROUNDS; i++) {
		struct world w;
		struct decision d;

		make_world(&w);
		d = decide(&w);
		assert_true(d.reason > REASON_UNSPECIFIED &&
			    d.reason < REASON_COUNT);
		assert_int_equal(d.allow, d.reason == REASON_OK);
		assert_true(strlen(reason_word(d.reason)) > 0);
		assert_true(strlen(reason_sentence(d.reason)) > 0);
		if (d.allow)
			continue;
		assert_int_equal(d.until, 0);
		assert_int_equal(d.files, 0);
		assert_int_equal(d.port, 0);
		if (d.reason == REASON_EARLY)
			assert_true(d.next_open > w.now);
	}
}

static void a_yes_stays_within_its_bounds(void **state)
{
	random_seed(__func__);
	for (size_t i = 0; i < ROUNDS; i++) {
		struct world w;
		struct decision d;

		make_world(&w);
		d = decide(&w);
		if (!d.allow)
			continue;
		assert_non_null(d.grant);
		assert_non_null(d.conduit);
		assert_int_equal(d.until, d.grant->not_after);
		assert_true(w.now >= d.grant->not_before && w.now < d.until);
		assert_string_equal(d.origin.file, d.conduit->origin.file);
		if (w.request.channel == CHANNEL_LOGIN)
			continue;
		assert_non_null(d.target);
		assert_true(d.port != 0);
		assert_int_equal(
			d.files & ~(d.grant->files & d.conduit->files), 0);
		assert_true(d.record <= d.grant->record);
		assert_true(d.record <= d.conduit->record);
		if (d.record == RECORD_REQUIRED)
			assert_true(w.request.recording);
	}
}

static void a_grant_more_takes_nothing_away(void **state)
{
	random_seed(__func__);
	for (size_t i = 0; i < ROUNDS; i++) {
		struct decision before, after;
		struct world w;

		make_world(&w);
		if (w.grant_count == GRANTS)
			w.grant_count--;
		before = decide(&w);
		w.grant_count++;
		after = decide(&w);
		if (!before.allow)
			continue;
		assert_true(after.allow);
		assert_true(after.until >= before.until);
		if (w.request.channel == CHANNEL_LOGIN)
			assert_true(after.max_sessions >= before.max_sessions);
	}
}

/* Takes one random item out of a list. */
static void drop_one(void *list, size_t *count, size_t size)
{
	size_t at;

	if (*count == 0)
		return;
	at = random_below(*count);
	memmove((char *)list + at * size, (char *)list + (at + 1) * size,
		(*count - at - 1) * size);
	(*count)--;
}

#define DROP(list, count) drop_one(list, &(count), sizeof((list)[0]))

static void drop_protocol(struct proto_set *set)
{
	if (random_one_in(4))
		set->any_port = false;
	if (set->port_count && random_one_in(3)) {
		set->port_count--;
		set->ports[0] = set->ports[set->port_count];
	} else {
		set->named &= ~(1u << random_below(PROTO_COUNT));
	}
}

static void drop_from_target(struct target *t)
{
	if (t->account_count && random_one_in(2))
		DROP(t->accounts, t->account_count);
	else
		drop_protocol(&t->protocols);
}

static void drop_from_conduit(struct conduit *c)
{
	switch (random_below(6)) {
	case 0:
		DROP(c->users, c->user_count);
		break;
	case 1:
		DROP(c->zones, c->zone_count);
		break;
	case 2:
		drop_protocol(&c->protocols);
		break;
	case 3:
		c->files &= (uint8_t)random_below(4);
		break;
	case 4:
		c->approvals++;
		break;
	default:
		c->max_window_sec /= 2;
		c->record = RECORD_REQUIRED;
	}
}

/* Takes one random part of the policy away. */
static void drop_something(struct world *w)
{
	struct policy *p = &w->policy;
	size_t what = random_below(5);

	if (what == 0 && p->zone_count)
		DROP(p->zones, p->zone_count);
	else if (what == 1 && p->target_count)
		DROP(p->targets, p->target_count);
	else if (what == 2 && p->target_count)
		drop_from_target(&w->targets[random_below(p->target_count)]);
	else if (what == 3 && p->conduit_count)
		DROP(p->conduits, p->conduit_count);
	else if (what == 4 && p->conduit_count)
		drop_from_conduit(&w->conduits[random_below(p->conduit_count)]);
}

static void less_policy_gives_no_right(void **state)
{
	size_t lost = 0;

	random_seed(__func__);
	for (size_t i = 0; i < 2 * ROUNDS; i++) {
		struct world w;
		bool before;

		make_world(&w);
		before = decide(&w).allow;
		drop_something(&w);
		if (decide(&w).allow)
			assert_true(before);
		else
			lost += before;
	}
	assert_true(lost > 0); /* the removals did bite */
}

static void next_opening_is_the_first(void **state)
{
	random_seed(__func__);
	for (size_t i = 0; i < ROUNDS; i++) {
		int64_t first = 0;
		struct world w;

		make_world(&w);
		for (size_t j = 0; j < w.grant_count; j++) {
			struct decision d = policy_decide(
				&w.policy, &w.request, &w.grants[j], w.now);

			if (d.reason == REASON_EARLY &&
				(!first || d.next_open < first))
				first = d.next_open;
		}
		assert_int_equal(decide(&w).next_open, first);
	}
}

static void garbage_is_decided_too(void **state)
{
	random_seed(__func__);
	for (size_t i = 0; i < ROUNDS; i++) {
		struct world w;
		uint8_t *bytes;

		make_world(&w);
		bytes = (uint8_t *)&w.grants[0];
		for (size_t n = random_below(40); n > 0; n--)
			bytes[random_below(sizeof(struct grant))] =
				(uint8_t)random_next();
		/* Pointer, its bound and bools are the reader's word. */
		w.grants[0].revoked = random_one_in(2);
		w.grants[0].protocols.any_port = random_one_in(2);
		w.grants[0].targets = (const char(*)[NAME_SIZE])w.granted[0];
		w.grants[0].target_count = random_below(TARGETS + 1);
		for (size_t n = random_below(8); n > 0; n--)
			w.granted[0][random_below(TARGETS)][random_below(
				NAME_SIZE)] = (char)random_next();
		w.request.channel = (enum channel)(random_next() & 0xff);
		w.request.proto = (enum proto)(random_next() & 0xff);
		assert_true(decide(&w).reason != REASON_UNSPECIFIED);
	}
}

/* ---- cases worth a name ---- */

static void nothing_at_all_is_a_no(void **state)
{
	struct request q = {.user = "acme-one", .uid = 7};
	struct grant g = {0};
	struct policy p = {0};
	static const char target[1][NAME_SIZE] = {"plc"};

	assert_int_equal(
		policy_decide(NULL, NULL, NULL, 0).reason, REASON_REQUEST);
	assert_int_equal(policy_decide(&p, &q, &g, 0).reason, REASON_REQUEST);
	q.channel = CHANNEL_LOGIN;
	assert_int_equal(
		policy_decide(&p, &q, NULL, 0).reason, REASON_NO_GRANT);
	assert_int_equal(
		policy_decide_any(&p, &q, NULL, 3, 0).reason, REASON_NO_GRANT);
	name_set(g.user, "acme-one");
	g.uid = 7;
	g.not_after = 10;
	assert_int_equal(policy_decide(&p, &q, &g, 0).reason, REASON_POLICY);
	assert_int_equal(policy_decide(NULL, &q, &g, 0).reason, REASON_POLICY);
	g.targets = target;
	g.target_count = 1;
	assert_int_equal(policy_decide(&p, &q, &g, 0).reason, REASON_POLICY);
	g.not_before = INT64_MIN;
	g.not_after = INT64_MAX;
	assert_false(policy_decide(&p, &q, &g, 0).allow);
	q.uid = 0;
	assert_int_equal(policy_decide(&p, &q, &g, 0).reason, REASON_REQUEST);
}

/* Two cells, two conduits, one grant each: what one login gets. */
static void a_login_has_the_limits_of_what_it_opens(void **state)
{
	struct world w = {0};
	struct decision d;

	for (size_t i = 0; i < 2; i++) {
		struct grant *g = &w.grants[i];

		name_set(w.zones[i].name, zone_names[i]);
		name_set(w.targets[i].name, target_names[i]);
		name_set(w.targets[i].zone, zone_names[i]);
		w.targets[i].protocols.named = 1u << PROTO_RDP;
		name_set(w.conduits[i].users[0], "acme-*");
		name_set(w.conduits[i].zones[0], zone_names[i]);
		w.conduits[i].user_count = w.conduits[i].zone_count = 1;
		w.conduits[i].protocols.named = 1u << PROTO_RDP;
		w.conduits[i].max_window_sec = 100;
		w.conduits[i].approvals = 1;
		name_set(w.granted[i][0], target_names[i]);
		*g = (struct grant){.uid = 7,
			.targets = (const char(*)[NAME_SIZE])w.granted[i],
			.target_count = 1,
			.protocols = {.named = 1u << PROTO_RDP},
			.approver_count = 1,
			.not_after = 50 + (int64_t)i};
		name_set(g->user, "acme-one");
		name_set(g->approvers[0], "ann");
	}
	w.conduits[0].max_sessions = 5;
	w.conduits[1].max_sessions = 2;
	w.conduits[1].otp_grace_sec = 600;
	w.policy = (struct policy){.zones = w.zones,
		.zone_count = 2,
		.targets = w.targets,
		.target_count = 2,
		.conduits = w.conduits,
		.conduit_count = 2};
	w.request = (struct request){
		.user = "acme-one", .uid = 7, .channel = CHANNEL_LOGIN};
	w.grant_count = 2;
	d = decide(&w);
	assert_true(d.allow);
	assert_int_equal(d.until, 51);
	assert_int_equal(d.max_sessions, 5);
	assert_int_equal(d.otp_grace_sec, 0);
	/* The same within one grant that names both targets. */
	name_set(w.granted[1][1], target_names[0]);
	w.grants[1].target_count = 2;
	d = policy_decide(&w.policy, &w.request, &w.grants[1], 0);
	assert_true(d.allow);
	assert_int_equal(d.max_sessions, 5);
	assert_int_equal(d.otp_grace_sec, 0);
	/* A connection has the limits of its own conduit alone. */
	w.request.channel = CHANNEL_TUNNEL;
	w.request.target = target_names[1];
	w.request.proto = PROTO_RDP;
	w.request.recording = true;
	d = decide(&w);
	assert_true(d.allow);
	assert_int_equal(d.max_sessions, 2);
	assert_int_equal(d.otp_grace_sec, 600);
	assert_int_equal(d.port, 3389);
}

static void patterns_match_what_they_say(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool valid, matches;
	} rows[] = {
		{"acme-*", "acme-tech1", true, true},
		{"acme-*", "acme-", true, true},
		{"acme-*", "acme", true, false},
		{"acme-*", "beta-tech1", true, false},
		{"acme", "acme", true, true},
		{"acme", "acme1", true, false},
		{"*", "acme", false, false},
		{"ab*", "abc", false, false},
		{"ab", "ab", false, false},
		{"abc*", "abc", true, true},
		{"a*c", "abc", false, false},
		{"abc**", "abc", false, false},
		{"ABC*", "ABCD", false, false},
		{"", "", false, false},
		{"acme-*", "acme-Tech", true, false},
		{"acme-*", "acme-a*", true, false},
		{"abcdefghijklmnopqrstuvwxyz01234*",
			"abcdefghijklmnopqrstuvwxyz01234", false, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(pattern_valid(rows[i].pattern), rows[i].valid);
		assert_int_equal(pattern_matches(rows[i].pattern, rows[i].name),
			rows[i].matches);
	}
}

static void reasons_have_distinct_words(void **state)
{
	for (int a = 0; a < REASON_COUNT; a++) {
		assert_true(*reason_sentence((enum reason)a));
		for (int b = 0; b < a; b++)
			assert_string_not_equal(reason_word((enum reason)a),
				reason_word((enum reason)b));
	}
	assert_string_equal(reason_word((enum reason) - 1), "unspecified");
	assert_string_equal(reason_word((enum reason)9999), "unspecified");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_at_all_is_a_no),
		cmocka_unit_test(a_login_has_the_limits_of_what_it_opens),
		cmocka_unit_test(patterns_match_what_they_say),
		cmocka_unit_test(reasons_have_distinct_words),
		cmocka_unit_test(agrees_with_second_opinion),
		cmocka_unit_test(every_refusal_says_why),
		cmocka_unit_test(a_yes_stays_within_its_bounds),
		cmocka_unit_test(a_grant_more_takes_nothing_away),
		cmocka_unit_test(less_policy_gives_no_right),
		cmocka_unit_test(next_opening_is_the_first),
		cmocka_unit_test(garbage_is_decided_too),
	};

	return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
