/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is to become of each case: by the rights in force, by an operator's
 * word, or because it has lost what it belongs to.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "workers/watch/cases.h"
#include "workers/watch/due.h"
#include "workers/watch/strike.h"

static void look_again(struct cases *c, int64_t boot_ms)
{
	if (boot_ms < c->next_boot_ms)
		c->next_boot_ms = boot_ms;
}

static void look_again_at(struct cases *c, int64_t at_sec)
{
	int64_t at_ms;

	if (!__builtin_mul_overflow(at_sec, (int64_t)1000, &at_ms))
		look_again(c, c->now_boot_ms + (at_ms - c->now_ms));
}

static bool long_enough(
	struct cases *c, struct sightings *seen, const char *what)
{
	int64_t due_ms = sighting_due(seen, what, c->now_boot_ms);

	if (due_ms > 0)
		look_again(c, due_ms);
	return due_ms == 0;
}

/* Sessions and connections that have lost their processes. */
static void judge_lost(struct cases *c, struct sightings *seen)
{
	char what[SIGHTING_WHAT_SIZE];

	for (size_t i = 0; i < c->session_count; i++) {
		struct session_case *s = &c->sessions[i];
		bool there = strike_cgroup_there(c->places->sessions.cgroups,
			s->record.cgroup, s->record.cgroup_id);

		if (there && strike_alive(s->pidfd))
			continue;
		snprintf(what, sizeof(what), "session %s", s->record.uuid);
		if (!long_enough(c, seen, what))
			continue;
		s->fate = there ? FATE_ENDS : FATE_ENDED;
		s->reason = "killed";
	}
	for (size_t i = 0; i < c->connection_count; i++) {
		struct connection_case *one = &c->connections[i];
		bool alive = strike_alive(one->pidfd);

		if (alive && one->session)
			continue;
		snprintf(what, sizeof(what), "connection %s", one->record.conn);
		if (!long_enough(c, seen, what))
			continue;
		one->fate = alive ? FATE_ENDS : FATE_ENDED;
		one->reason = alive ? "peer" : "error";
	}
}

struct scope_round {
	struct cases *c;
	struct sightings *seen;
	int error;
};

static bool scope_has_record(
	const struct cases *c, const struct scope_found *scope)
{
	for (size_t i = 0; i < c->session_count; i++) {
		const struct session_record *s = &c->sessions[i].record;

		if (s->cgroup_id == scope->inode && s->uid == scope->uid &&
			strcmp(s->cgroup, scope->cgroup) == 0)
			return true;
	}
	return false;
}

static void judge_scope(const struct scope_found *scope, void *context)
{
	struct scope_round *round = context;
	struct cases *c = round->c;
	char what[SIGHTING_WHAT_SIZE];
	struct orphan_case *grown;

	if (round->error < 0 || scope_has_record(c, scope) ||
		!strike_cgroup_peopled(c->places->sessions.cgroups,
			scope->cgroup, scope->inode))
		return;
	snprintf(what, sizeof(what), "scope %llu %u",
		(unsigned long long)scope->inode, scope->uid);
	if (!long_enough(c, round->seen, what))
		return;
	grown = reallocarray(
		c->orphans, c->orphan_count + 1, sizeof(*c->orphans));
	if (!grown) {
		round->error = -ENOMEM;
		return;
	}
	c->orphans = grown;
	c->orphans[c->orphan_count++] =
		(struct orphan_case){.scope = *scope, .due = true};
}

static int judge_scopes(struct cases *c, const struct settings *settings,
	struct sightings *seen)
{
	struct scope_round round = {.c = c, .seen = seen};
	uint32_t min = settings ? settings->uid_min : POLICY_DEFAULT_UID_MIN;
	uint32_t max = settings ? settings->uid_max : POLICY_DEFAULT_UID_MAX;
	int r = scopes_each(
		c->places->sessions.cgroups, min, max, judge_scope, &round);

	return r < 0 ? r : round.error;
}

static int view_of(
	struct rights *rights, uint32_t uid, struct rights_view *ret_view)
{
	int r = rights ? rights_view_load(rights, uid, ret_view) : 0;

	/* A corrupt part gives its user nothing, and nobody else less. */
	return r == -EBADMSG ? 0 : r;
}

static int judge_session_by_rights(
	struct cases *c, struct session_case *s, struct rights *rights)
{
	_cleanup_rights_view_ struct rights_view view = {0};
	int r = view_of(rights, s->record.uid, &view);
	struct due due;

	if (r < 0)
		return r;
	for (size_t i = 0; i < c->connection_count; i++) {
		struct connection_case *one = &c->connections[i];

		if (one->session != s || one->fate != FATE_STAYS)
			continue;
		due = due_connection(
			&view, &one->record, &s->record, c->now_ms / 1000);
		if (due.at > 0) {
			look_again_at(c, due.at);
			continue;
		}
		one->fate = FATE_ENDS;
		one->reason = due.reason;
	}
	if (s->fate != FATE_STAYS)
		return 0;
	due = due_session(&view, &s->record, c->now_ms / 1000);
	if (due.at > 0) {
		look_again_at(c, due.at);
		return 0;
	}
	s->fate = FATE_ENDS;
	s->reason = due.reason;
	return 0;
}

/* A file named by the session's uuid is an operator's word. */
static void judge_by_operator(struct cases *c)
{
	_cleanup_close_ int dir =
		open(c->places->ends, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; dir >= 0 && i < c->session_count; i++) {
		struct session_case *s = &c->sessions[i];

		if (faccessat(dir, s->record.uuid, F_OK, AT_SYMLINK_NOFOLLOW) <
			0)
			continue;
		if (s->fate == FATE_STAYS)
			s->fate = FATE_ENDS;
		s->reason = "operator";
		s->by_operator = true;
	}
}

/* A connection does not outlive its session. */
static void judge_company(struct cases *c)
{
	for (size_t i = 0; i < c->connection_count; i++) {
		struct connection_case *one = &c->connections[i];

		if (one->fate != FATE_STAYS || !one->session ||
			one->session->fate == FATE_STAYS)
			continue;
		one->fate = FATE_ENDS;
		one->reason = one->session->reason;
	}
}

int cases_judge(struct cases *c, struct sightings *seen)
{
	_cleanup_rights_ struct rights *rights = NULL;
	int r = rights_open(c->places->rights, c->places->owner, &rights);
	int scopes_r, rights_r = r == -ENOENT || r == -EBADMSG ? 0 : r;

	sightings_begin(seen);
	judge_lost(c, seen);
	scopes_r = judge_scopes(
		c, rights ? &rights_info(rights)->settings : NULL, seen);
	sightings_end(seen);
	for (size_t i = 0; rights_r == 0 && i < c->session_count; i++)
		rights_r = judge_session_by_rights(c, &c->sessions[i], rights);
	judge_by_operator(c);
	judge_company(c);
	return rights_r < 0 ? rights_r : scopes_r;
}
