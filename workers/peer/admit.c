/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/peer/admit.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/health.h"
#include "base/moment.h"
#include "workers/peer/live.h"

/* New work needs a clock that is trusted and a statement that is fresh. */
static int look_at_time(struct admission *a, const char **ret_reason)
{
	struct moment_clock clock;

	*ret_reason = "clock";
	if (moment_clock_read(&clock) < 0 || !clock.trusted)
		return -EAGAIN;
	a->now = moment_now_sec(&clock);
	*ret_reason = "stale";
	return a->now >= a->info.expires ? -ESTALE : 0;
}

/* Where events can't arrive, nothing may happen that needs one. */
static int look_at_health(const struct admission *a, const char **ret_reason)
{
	struct health health;

	*ret_reason = "audit";
	if (a->info.settings.audit_optional)
		return 0;
	if (health_read(HEALTH_FILE, 0, a->info.settings.health_max_age_sec,
		    &health) < 0 ||
		health_audit_ill(&health))
		return -EAGAIN;
	return 0;
}

static size_t keep_networks(const struct policy *policy,
	const struct target *t, struct network ret[POLICY_NETWORKS_MAX])
{
	const struct zone *zone = policy_zone(policy, t->zone);

	for (size_t i = 0; zone && i < zone->network_count; i++)
		ret[i] = zone->networks[i];
	return zone ? zone->network_count : 0;
}

static void keep_target(struct admission *a, const struct target *t)
{
	memcpy(a->zone, t->zone, sizeof(a->zone));
	for (size_t i = 0; i < t->address_count; i++)
		a->target_address[i] = t->addresses[i];
	a->target_address_count = t->address_count;
	if (a->target_address_count > 0)
		(void)address_format(
			&a->target_address[0], a->address, sizeof(a->address));
	a->credential = t->credential;
}

static void keep(struct admission *a, const struct decision *d)
{
	memcpy(a->grant, d->grant->id, sizeof(a->grant));
	memcpy(a->ticket, d->grant->ticket, sizeof(a->ticket));
	memcpy(a->account, d->grant->account, sizeof(a->account));
	if (d->conduit) {
		memcpy(a->file_check, d->conduit->file_check,
			sizeof(a->file_check));
		a->file_check_max = d->conduit->file_check_max;
	}
	a->until = d->until;
	a->grace_sec = d->grace_sec;
}

/* The target, or a hop on the way to it, whose account is not the grant's. */
static int keep_place(struct admission *a, const struct decision *d,
	const struct admission_request *q, const struct policy *policy)
{
	struct way w;
	int place;

	if (way_find(policy, d->target, &w) < 0)
		return -ENOENT;
	(void)way_text(&w, a->via);
	place = q->hop ? way_place(&w, q->hop) : (int)w.count - 1;
	if (place < 0)
		return place;
	keep_target(a, w.hop[place]);
	a->network_count = keep_networks(policy, w.hop[place], a->networks);
	a->behind = place > 0;
	if (a->behind)
		a->before_count =
			keep_networks(policy, w.hop[place - 1], a->before);
	if (!q->hop)
		return 0;
	memcpy(a->account, way_account(w.hop[place]), sizeof(a->account));
	return q->account && strcmp(q->account, a->account) != 0 ? -EACCES : 0;
}

static bool recorded(
	const struct admission_request *q, const struct session_record *s)
{
	const struct live what = {.conn = q->conn,
		.session = s->uuid,
		.uid = s->uid,
		.target = q->target,
		.proto = proto_name(q->proto ? q->proto : PROTO_SSH)};
	_cleanup_close_ int fd = -1;

	if (q->is_recorder)
		return true;
	fd = live_open(LIVE_DIR, &what);
	return fd >= 0;
}

static int decide(struct admission *a, struct rights *rights,
	const struct admission_request *request, const char **ret_reason)
{
	_cleanup_rights_view_ struct rights_view view = {0};
	struct request q = {
		.user = a->session.user,
		.uid = a->session.uid,
		.channel = CHANNEL_BROKERED,
		.target = request->target,
		.proto = request->proto ? request->proto : PROTO_SSH,
		.account = request->hop ? NULL : request->account,
		.source = a->session.source_address,
		.recording = recorded(request, &a->session),
	};
	struct decision d;
	int r = rights_view_load(rights, a->session.uid, &view);

	*ret_reason = "error";
	if (r < 0)
		return r;
	d = rights_decide(&view, &q, a->now);
	*ret_reason = reason_word(d.reason);
	if (!d.allow || !d.grant || !d.target)
		return -EACCES;
	keep(a, &d);
	*ret_reason = "via";
	return keep_place(a, &d, request, &view.policy);
}

int admit(int fd, const struct admission_request *q, struct admission *ret,
	const char **ret_reason)
{
	_cleanup_rights_ struct rights *rights = NULL;
	int r;

	memset(ret, 0, sizeof(*ret));
	*ret_reason = "peer";
	r = peer_session(fd, NULL, &ret->session);
	if (r < 0)
		return r;
	*ret_reason = "error";
	r = rights_open(RIGHTS_DB, 0, &rights);
	if (r < 0)
		return r;
	ret->info = *rights_info(rights);
	r = look_at_time(ret, ret_reason);
	if (r == 0)
		r = look_at_health(ret, ret_reason);
	if (r < 0)
		return r;
	return decide(ret, rights, q, ret_reason);
}
