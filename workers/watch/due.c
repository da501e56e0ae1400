/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/watch/due.h"

/* Until when this grant lets it run; 0: not (any more). */
static int64_t end_under(const struct rights_view *view,
	const struct request *q, const struct grant *g, int64_t now)
{
	struct decision d = policy_decide(&view->policy, q, g, now);
	int64_t end;

	/* Over by itself: was it allowed to its last second? Then grace. */
	if (!d.allow && d.reason == REASON_LATE)
		d = policy_decide(&view->policy, q, g, g->not_after - 1);
	if (!d.allow ||
		__builtin_add_overflow(d.until, (int64_t)d.grace_sec, &end))
		return 0;
	return end > now ? end : 0;
}

static struct due due_request(
	const struct rights_view *view, const struct request *q, int64_t now)
{
	struct due due = {.at = 0, .reason = "window"};
	struct decision d;

	for (size_t i = 0; i < view->grant_count; i++) {
		int64_t end = end_under(view, q, &view->grants[i], now);

		if (end > due.at)
			due.at = end;
	}
	if (due.at > 0)
		return due;
	d = rights_decide(view, q, now);
	/* Allowed, and yet no end found: nothing that should be. */
	if (d.allow || d.reason != REASON_LATE)
		due.reason = "revoked";
	return due;
}

struct due due_connection(const struct rights_view *view,
	const struct connection_record *c, const struct session_record *s,
	int64_t now)
{
	const struct request q = {
		.user = s->user,
		.uid = s->uid,
		.channel = c->channel,
		.target = c->target,
		.proto = c->proto,
		.port = c->channel == CHANNEL_TUNNEL ? c->port : 0,
		.source = s->source_address,
		.recording = c->recorded,
	};

	return due_request(view, &q, now);
}

struct due due_session(const struct rights_view *view,
	const struct session_record *s, int64_t now)
{
	const struct request q = {
		.user = s->user,
		.uid = s->uid,
		.channel = CHANNEL_LOGIN,
		.source = s->source_address,
		.recording = true,
	};

	return due_request(view, &q, now);
}
