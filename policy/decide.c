/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one decision. Each check below is one reason to refuse, in the order
 * of `progress`: what is found wrong first is what stands furthest from a
 * yes, so that of several grants the most helpful reason can be told. Only
 * the end of decide_connection() and decide_login() sets `allow`.
 */
#include "policy/decide.h"

#include <string.h>

#include "base/cleanup.h"

/* From "nothing fits" to "one thing missing". */
static const enum reason progress[] = {
	REASON_REQUEST,
	REASON_NO_GRANT,
	REASON_TARGET,
	REASON_PROTOCOL,
	REASON_ACCOUNT,
	REASON_LATE,
	REASON_REVOKED,
	REASON_POLICY,
	REASON_LENGTH,
	REASON_APPROVALS,
	REASON_EARLY,
	REASON_SOURCE,
	REASON_FILES,
	REASON_RECORDING,
};

static unsigned progress_of(enum reason r)
{
	for (unsigned i = 0; i < ARRAY_LEN(progress); i++) {
		if (progress[i] == r)
			return i + 1;
	}
	return 0;
}

/* Anything that is none of the three values counts as the strictest. */
static enum record record_stricter(enum record a, enum record b)
{
	if (a == RECORD_NONE && b == RECORD_NONE)
		return RECORD_NONE;
	if ((a == RECORD_NONE || a == RECORD_OPTIONAL) &&
		(b == RECORD_NONE || b == RECORD_OPTIONAL))
		return RECORD_OPTIONAL;
	return RECORD_REQUIRED;
}

static bool terminated(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

static bool request_sane(const struct request *q)
{
	if (!q || !q->user || !name_valid(q->user) || q->uid == 0)
		return false;
	if (q->channel == CHANNEL_LOGIN)
		return true;
	if (q->channel != CHANNEL_BROKERED && q->channel != CHANNEL_TUNNEL)
		return false;
	return q->target && name_valid(q->target) &&
	       proto_sane(q->proto, q->port) &&
	       (!q->account || name_valid(q->account));
}

/* A grant that no compiler of ours would write gives nothing. */
static bool grant_sane(const struct grant *g)
{
	if (!terminated(g->id, sizeof(g->id)) ||
		!terminated(g->user, sizeof(g->user)) ||
		!terminated(g->account, sizeof(g->account)))
		return false;
	if (g->target_count > 0 && !g->targets)
		return false;
	if (g->approver_count > GRANT_APPROVERS_MAX ||
		g->source_count > GRANT_SOURCES_MAX)
		return false;
	/* Ports are named one by one by those who approve. */
	if (g->protocols.any_port || g->protocols.port_count > PROTO_PORTS_MAX)
		return false;
	return g->not_before < g->not_after;
}

static bool grant_is_for(const struct grant *g, const struct request *q)
{
	return strcmp(g->user, q->user) == 0 && g->uid == q->uid;
}

static bool grant_has_target(const struct grant *g, const char *target)
{
	for (size_t i = 0; i < g->target_count; i++) {
		if (strncmp(g->targets[i], target, NAME_SIZE) == 0)
			return true;
	}
	return false;
}

/* Distinct approvers; nobody approves for himself. */
static size_t grant_approvals(const struct grant *g)
{
	size_t count = 0;

	for (size_t i = 0; i < g->approver_count; i++) {
		const char *name = g->approvers[i];
		bool counts = terminated(name, NAME_SIZE) && *name &&
			      strcmp(name, g->user) != 0;

		for (size_t j = 0; counts && j < i; j++)
			counts = strncmp(g->approvers[j], name, NAME_SIZE) != 0;
		count += counts;
	}
	return count;
}

static bool grant_has_source(const struct grant *g, const struct address *a)
{
	for (size_t i = 0; i < g->source_count; i++) {
		if (network_has(&g->sources[i], a))
			return true;
	}
	return g->source_count == 0;
}

static bool target_has_account(const struct target *t, const char *account)
{
	for (size_t i = 0; i < t->account_count && i < POLICY_ACCOUNTS_MAX;
		i++) {
		if (strncmp(t->accounts[i], account, NAME_SIZE) == 0)
			return true;
	}
	return false;
}

/* The account of the grant, nothing else, and one that the target lists. */
static enum reason check_account(
	const struct request *q, const struct grant *g, const struct target *t)
{
	if (!proto_has_account(q->proto))
		return REASON_OK;
	if (!g->account[0] || (q->account && strcmp(q->account, g->account)))
		return REASON_ACCOUNT;
	return target_has_account(t, g->account) ? REASON_OK : REASON_ACCOUNT;
}

/*
 * SFTP and telnet are services of ours on the brokered road. Through a tunnel
 * sftp's port is a whole ssh, and only a grant of ssh opens that; and a login
 * that the supplier types could be any account's. What lies behind another
 * target has no address that a tunnel could go to.
 */
static enum reason check_protocol(
	const struct request *q, const struct grant *g, const struct target *t)
{
	if (!proto_set_has(&g->protocols, q->proto, q->port))
		return REASON_PROTOCOL;
	if (q->channel == CHANNEL_TUNNEL && proto_is_brokered_only(q->proto))
		return REASON_PROTOCOL;
	if (t && target_port(t, q->proto, q->port) == 0)
		return REASON_PROTOCOL;
	if (t && t->via[0] && q->channel == CHANNEL_TUNNEL)
		return REASON_PROTOCOL;
	return REASON_OK;
}

/* What a grant that is over is told before anything of policy. */
static enum reason check_over(const struct grant *g, int64_t now)
{
	if (g->revoked)
		return REASON_REVOKED;
	return now >= g->not_after ? REASON_LATE : REASON_OK;
}

static enum reason check_open(
	const struct request *q, const struct grant *g, int64_t now)
{
	if (now < g->not_before)
		return REASON_EARLY;
	return grant_has_source(g, &q->source) ? REASON_OK : REASON_SOURCE;
}

/* Does this conduit carry user, zone and protocol at all? */
static bool conduit_carries(const struct conduit *c, const struct request *q,
	const struct grant *g, const struct target *t)
{
	return conduit_has_user(c, g->user) && conduit_has_zone(c, t->zone) &&
	       proto_set_has(&c->protocols, q->proto, q->port);
}

static enum reason check_conduit(
	const struct conduit *c, const struct request *q, const struct grant *g)
{
	int64_t length;

	if (__builtin_sub_overflow(g->not_after, g->not_before, &length) ||
		length > (int64_t)c->max_window_sec)
		return REASON_LENGTH;
	/* Approvals = 0 can't be loaded; if it ever stood here: deny. */
	if (c->approvals == 0 || grant_approvals(g) < c->approvals)
		return REASON_APPROVALS;
	if (q->channel == CHANNEL_LOGIN)
		return REASON_OK;
	if (q->files & ~(g->files & c->files))
		return REASON_FILES;
	if (record_stricter(g->record, c->record) == RECORD_REQUIRED &&
		!q->recording)
		return REASON_RECORDING;
	return REASON_OK;
}

/*
 * The first conduit that allows, in the order of files and lines; its limits
 * alone hold. Without one: the refusal that got furthest, and whose it is.
 */
static enum reason find_conduit(const struct policy *p, const struct request *q,
	const struct grant *g, const struct target *t,
	const struct conduit **ret_conduit)
{
	enum reason best = REASON_POLICY;

	*ret_conduit = NULL;
	for (size_t i = 0; i < p->conduit_count; i++) {
		const struct conduit *c = &p->conduits[i];
		enum reason r;

		if (!conduit_carries(c, q, g, t))
			continue;
		r = check_conduit(c, q, g);
		if (r == REASON_OK || progress_of(r) > progress_of(best)) {
			*ret_conduit = c;
			best = r;
		}
		if (r == REASON_OK)
			break;
	}
	return best;
}

static struct decision denied(enum reason reason, const struct grant *g)
{
	struct decision d = {.reason = reason, .grant = g};

	if (reason == REASON_EARLY)
		d.next_open = g->not_before;
	return d;
}

static void take_limits(
	struct decision *d, const struct grant *g, const struct conduit *c)
{
	d->conduit = c;
	d->origin = c->origin;
	d->record = record_stricter(g->record, c->record);
	d->files = g->files & c->files & (FILES_UP | FILES_DOWN);
	d->grace_sec = c->grace_sec;
	d->otp_grace_sec = c->otp_grace_sec;
	d->max_sessions = c->max_sessions;
	d->max_connections = c->max_connections;
}

/* The line of the policy that refused, when it was a line. */
static void blame(struct decision *d, const struct conduit *c)
{
	d->conduit = c;
	if (c && (d->reason == REASON_LENGTH || d->reason == REASON_APPROVALS ||
			 d->reason == REASON_FILES ||
			 d->reason == REASON_RECORDING))
		d->origin = c->origin;
	else if (d->target &&
		 (d->reason == REASON_POLICY || d->reason == REASON_PROTOCOL ||
			 d->reason == REASON_ACCOUNT))
		d->origin = d->target->origin;
}

static struct decision decide_connection(const struct policy *p,
	const struct request *q, const struct grant *g, int64_t now)
{
	const struct target *t = policy_target(p, q->target);
	const struct conduit *c = NULL;
	struct decision d;
	enum reason r, carried = REASON_POLICY;

	r = grant_has_target(g, q->target) ? REASON_OK : REASON_TARGET;
	if (r == REASON_OK)
		r = check_protocol(q, g, t);
	if (r == REASON_OK && t)
		r = check_account(q, g, t);
	if (r == REASON_OK)
		r = check_over(g, now);
	if (r == REASON_OK) {
		/* Named by the grant, unknown here: policy says no. */
		if (t && policy_zone(p, t->zone))
			carried = find_conduit(p, q, g, t, &c);
		if (progress_of(carried) &&
			progress_of(carried) < progress_of(REASON_EARLY))
			r = carried;
	}
	if (r == REASON_OK)
		r = check_open(q, g, now);
	if (r == REASON_OK)
		r = c ? carried : REASON_POLICY;
	d = denied(r, g);
	d.target = t;
	if (r != REASON_OK) {
		blame(&d, c);
		return d;
	}
	take_limits(&d, g, c);
	d.port = target_port(t, q->proto, q->port);
	d.until = g->not_after;
	d.allow = true;
	return d;
}

/* Folds one more usable target and protocol into the limits of a login. */
static void login_fold(
	struct decision *d, const struct grant *g, const struct conduit *c)
{
	struct decision more = {0};

	take_limits(&more, g, c);
	if (!d->conduit) {
		more.grant = d->grant;
		*d = more;
		return;
	}
	/* A code once more takes nothing away: the smallest grace holds. */
	if (more.otp_grace_sec < d->otp_grace_sec)
		d->otp_grace_sec = more.otp_grace_sec;
	if (more.max_sessions > d->max_sessions)
		d->max_sessions = more.max_sessions;
	if (more.max_connections > d->max_connections)
		d->max_connections = more.max_connections;
	if (more.grace_sec > d->grace_sec)
		d->grace_sec = more.grace_sec;
	d->record = record_stricter(d->record, more.record);
	d->files |= more.files;
}

/* Would one protocol of one target be carried? The best reason if not. */
static enum reason login_target(const struct policy *p, const struct request *q,
	const struct grant *g, const struct target *t, struct decision *d)
{
	enum reason best = REASON_POLICY;
	struct offer at = {0};

	while (proto_set_next(&g->protocols, &at)) {
		const struct conduit *c = NULL;
		struct request one = *q;
		enum reason r;

		one.proto = at.proto;
		one.port = at.port;
		one.account = NULL;
		r = check_protocol(&one, g, t);
		if (r == REASON_OK)
			r = check_account(&one, g, t);
		if (r == REASON_OK)
			r = find_conduit(p, &one, g, t, &c);
		if (r == REASON_OK)
			login_fold(d, g, c);
		else if (progress_of(r) > progress_of(best) && !d->conduit) {
			best = r;
			d->origin = c ? c->origin : t->origin;
		}
	}
	return d->conduit ? REASON_OK : best;
}

/* A login needs one thing that could then be reached. */
static struct decision decide_login(const struct policy *p,
	const struct request *q, const struct grant *g, int64_t now)
{
	struct decision d = {.grant = g};
	enum reason r = check_over(g, now), best = REASON_POLICY;

	for (size_t i = 0; r == REASON_OK && i < g->target_count; i++) {
		const struct target *t = NULL;
		enum reason one;

		if (terminated(g->targets[i], NAME_SIZE))
			t = policy_target(p, g->targets[i]);
		if (!t || !policy_zone(p, t->zone))
			continue;
		one = login_target(p, q, g, t, &d);
		if (one == REASON_OK || progress_of(one) > progress_of(best))
			best = one;
	}
	if (r == REASON_OK && !d.conduit)
		r = best == REASON_OK ? REASON_POLICY : best;
	if (r == REASON_OK)
		r = check_open(q, g, now);
	if (r != REASON_OK) {
		struct decision no = denied(r, g);

		if (r == REASON_LENGTH || r == REASON_APPROVALS)
			no.origin = d.origin;
		return no;
	}
	d.reason = REASON_OK;
	d.until = g->not_after;
	d.allow = true;
	return d;
}

struct decision policy_decide(const struct policy *policy,
	const struct request *request, const struct grant *grant, int64_t now)
{
	if (!request_sane(request))
		return denied(REASON_REQUEST, NULL);
	if (!grant || !grant_sane(grant) || !grant_is_for(grant, request))
		return denied(REASON_NO_GRANT, NULL);
	if (!policy)
		return denied(REASON_POLICY, grant);
	if (request->channel == CHANNEL_LOGIN)
		return decide_login(policy, request, grant, now);
	return decide_connection(policy, request, grant, now);
}

/* The better answer of two: a yes that lasts longer, a no that came closer. */
static bool better(const struct decision *a, const struct decision *b)
{
	if (a->allow != b->allow)
		return a->allow;
	if (a->allow)
		return a->until > b->until;
	if (a->reason == b->reason && a->reason == REASON_EARLY)
		return a->next_open < b->next_open;
	if (a->reason == b->reason && a->grant && b->grant)
		return a->grant->not_after > b->grant->not_after;
	return progress_of(a->reason) > progress_of(b->reason);
}

struct decision policy_decide_any(const struct policy *policy,
	const struct request *request, const struct grant *grants, size_t count,
	int64_t now)
{
	struct decision best = denied(REASON_NO_GRANT, NULL);
	uint32_t otp_grace_sec = UINT32_MAX;
	uint16_t max_sessions = 0;
	int64_t next_open = 0;

	if (!request_sane(request))
		return denied(REASON_REQUEST, NULL);
	for (size_t i = 0; grants && i < count; i++) {
		struct decision d =
			policy_decide(policy, request, &grants[i], now);

		if (d.next_open && (!next_open || d.next_open < next_open))
			next_open = d.next_open;
		if (d.allow && d.otp_grace_sec < otp_grace_sec)
			otp_grace_sec = d.otp_grace_sec;
		if (d.allow && d.max_sessions > max_sessions)
			max_sessions = d.max_sessions;
		if (better(&d, &best))
			best = d;
	}
	best.next_open = next_open;
	if (best.allow && request->channel == CHANNEL_LOGIN) {
		/* One login opens all of these grants. */
		best.otp_grace_sec = otp_grace_sec;
		best.max_sessions = max_sessions;
	}
	return best;
}
