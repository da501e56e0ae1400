/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/apply/tell.h"

#include <stdio.h>
#include <string.h>

#include "audit/event.h"

/* Nobody sits at one: not the default, which is a login's. */
#define NO_TERMINAL	 "?"
#define DIGEST_TEXT_SIZE (sizeof("sha256:") + DIGEST_SIZE)

static void digest_text(const char *hex, char ret[DIGEST_TEXT_SIZE])
{
	snprintf(ret, DIGEST_TEXT_SIZE, "sha256:%s", hex);
}

void tell_policy(bool good, const char *digest, const char *detail)
{
	char text[DIGEST_TEXT_SIZE];
	struct event e = {
		.id = good ? EVENT_POLICY_LOADED : EVENT_POLICY_REFUSED,
		.outcome = good ? OUTCOME_SUCCESS : OUTCOME_FAILURE,
		.terminal = NO_TERMINAL,
		.file = POLICY_DIR "/jump.conf",
		.detail = detail,
	};

	if (digest[0]) {
		digest_text(digest, text);
		e.digest = text;
	}
	(void)event_emit(&e);
}

int tell_snapshot_accepted(const struct candidate *c)
{
	char text[DIGEST_TEXT_SIZE], detail[128];
	const struct event e = {
		.id = EVENT_SNAPSHOT_ACCEPTED,
		.terminal = NO_TERMINAL,
		.outcome = OUTCOME_SUCCESS,
		.serial = c->snapshot.serial,
		.digest = text,
		.window_start = c->snapshot.iat,
		.window_end = c->snapshot.exp,
		.detail = detail,
	};

	digest_text(c->digest, text);
	snprintf(detail, sizeof(detail), "signed by key %s", c->kid);
	return event_emit(&e);
}

void tell_snapshot_refused(const struct candidate *c, const struct fault *why)
{
	char text[DIGEST_TEXT_SIZE];
	struct event e = {
		.id = EVENT_SNAPSHOT_REFUSED,
		.terminal = NO_TERMINAL,
		.outcome = OUTCOME_FAILURE,
		.reason = why->word ? why->word : "error",
		.serial = c->snapshot.serial,
		.detail = why->text,
	};

	if (c->digest[0]) {
		digest_text(c->digest, text);
		e.digest = text;
	}
	(void)event_emit(&e);
}

static enum event_id id_of(const struct news_item *item)
{
	switch (item->kind) {
	case NEWS_USER_ADDED:
		return EVENT_USER_ADDED;
	case NEWS_USER_REMOVED:
		return EVENT_USER_REMOVED;
	case NEWS_GRANT_ADDED:
		return EVENT_GRANT_ADDED;
	case NEWS_GRANT_EXTENDED:
	case NEWS_GRANT_NARROWED:
		return EVENT_GRANT_CHANGED;
	case NEWS_GRANT_REVOKED:
	case NEWS_GRANT_DROPPED:
		return EVENT_GRANT_REVOKED;
	case NEWS_REFUSED:
		return item->grant ? EVENT_GRANT_REFUSED : EVENT_USER_REFUSED;
	default:
		return EVENT_NONE;
	}
}

static const char *reason_of(const struct news_item *item)
{
	switch (item->kind) {
	case NEWS_GRANT_EXTENDED:
		return "extended";
	case NEWS_GRANT_NARROWED:
		return "narrowed";
	case NEWS_GRANT_REVOKED:
		return "revoked";
	case NEWS_GRANT_DROPPED:
		return "dropped";
	case NEWS_REFUSED:
		return item->refusal->word;
	default:
		return NULL;
	}
}

static void add_grant(struct event *e, const struct grant *g,
	char by[GRANT_APPROVERS_MAX * NAME_SIZE])
{
	size_t len = 0;

	e->window_start = g->not_before;
	e->window_end = g->not_after;
	if (g->ticket[0])
		e->ticket = g->ticket;
	if (g->account[0])
		e->account = g->account;
	by[0] = '\0';
	for (size_t i = 0; i < g->approver_count; i++)
		len += (size_t)snprintf(by + len,
			GRANT_APPROVERS_MAX * NAME_SIZE - len, "%s%s",
			i ? "," : "", g->approvers[i]);
	e->by = by;
}

void tell_news(const struct news_item *item, void *context)
{
	char by[GRANT_APPROVERS_MAX * NAME_SIZE], detail[160];
	char proto[PROTO_TEXT_SIZE];
	struct event e = {
		.id = id_of(item),
		.terminal = NO_TERMINAL,
		.outcome = item->kind == NEWS_REFUSED ? OUTCOME_FAILURE
						      : OUTCOME_SUCCESS,
		.reason = reason_of(item),
		.user = item->user,
		.uid = item->uid,
		.grant = item->grant_id,
	};

	(void)context;
	if (item->grant)
		add_grant(&e, item->grant, by);
	if (item->refusal && item->refusal->target[0]) {
		e.target = item->refusal->target;
		e.proto = proto_text(item->refusal->offer.proto,
			item->refusal->offer.port, proto);
	}
	if (item->refusal && item->refusal->origin.file[0]) {
		snprintf(detail, sizeof(detail), "%s:%u",
			item->refusal->origin.file, item->refusal->origin.line);
		e.detail = detail;
	}
	(void)event_emit(&e);
}

void tell_seed(
	const struct snapshot_user *user, const char *word, void *context)
{
	const struct event e = {
		.id = EVENT_USER_REFUSED,
		.terminal = NO_TERMINAL,
		.outcome = OUTCOME_FAILURE,
		.reason = word,
		.user = user->name,
		.uid = user->uid,
		.detail = "the sealed seed does not open here: no second "
			  "factor",
	};

	(void)context;
	(void)event_emit(&e);
}
