/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compares user by user. A grant is the same one when its id is; lists are
 * compared in their order, in which both sides have them from one writer.
 */
#include "grants/changes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct walk {
	struct rights *before;
	const struct compiled *after;
	int64_t now; /* of the new snapshot: what ended earlier is over */
	changes_teller *tell;
	void *context;
};

static bool is_over(const struct walk *w, const struct grant *g)
{
	return g->revoked || g->not_after <= w->now;
}

static bool same_names(const char (*a)[NAME_SIZE], size_t a_count,
	const char (*b)[NAME_SIZE], size_t b_count)
{
	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++)
		if (strcmp(a[i], b[i]) != 0)
			return false;
	return true;
}

static bool same_sources(const struct grant *a, const struct grant *b)
{
	if (a->source_count != b->source_count)
		return false;
	for (size_t i = 0; i < a->source_count; i++)
		if (!address_equal(
			    &a->sources[i].address, &b->sources[i].address) ||
			a->sources[i].prefix != b->sources[i].prefix)
			return false;
	return true;
}

/* All that decides. Approvers and ticket are of the same id, and say why. */
static bool same_grant(const struct grant *a, const struct grant *b)
{
	return a->not_before == b->not_before && a->not_after == b->not_after &&
	       a->revoked == b->revoked && a->protocols == b->protocols &&
	       a->record == b->record && a->files == b->files &&
	       strcmp(a->account, b->account) == 0 &&
	       same_names(a->targets, a->target_count, b->targets,
		       b->target_count) &&
	       same_sources(a, b);
}

static int tell_grant(const struct walk *w, enum change_kind kind,
	const struct grant *before, const struct grant *after)
{
	const struct grant *g = after ? after : before;
	struct change c = {.kind = kind,
		.user = g->user,
		.uid = g->uid,
		.before = before,
		.after = after};

	return w->tell(&c, w->context);
}

/* after NULL: it is gone. */
static int tell_old_grant(const struct walk *w, const struct grant *before,
	const struct grant *after)
{
	if (is_over(w, before) && (!after || is_over(w, after)))
		return 0;
	if (!after || after->revoked)
		return tell_grant(w, CHANGE_GRANT_REVOKED, before, after);
	if (same_grant(before, after))
		return 0;
	return tell_grant(w, CHANGE_GRANT_CHANGED, before, after);
}

static const struct grant *find_in_view(
	const struct rights_view *v, const char *id)
{
	for (size_t i = 0; i < v->grant_count; i++)
		if (strcmp(v->grants[i].id, id) == 0)
			return &v->grants[i];
	return NULL;
}

static const struct grant *find_in_user(
	const struct walk *w, const struct compiled_user *u, const char *id)
{
	for (size_t i = 0; u && i < u->grant_count; i++) {
		const struct grant *g = w->after->grants[u->grant_first + i];

		if (strcmp(g->id, id) == 0)
			return g;
	}
	return NULL;
}

/* u NULL: the user is gone, and all of the view with him. */
static int tell_grants(const struct walk *w, const struct rights_view *before,
	const struct compiled_user *u)
{
	int e = 0;

	for (size_t i = 0; e == 0 && i < before->grant_count; i++) {
		const struct grant *g = &before->grants[i];

		e = tell_old_grant(w, g, find_in_user(w, u, g->id));
	}
	for (size_t i = 0; e == 0 && u && i < u->grant_count; i++) {
		const struct grant *g = w->after->grants[u->grant_first + i];

		if (!is_over(w, g) && !find_in_view(before, g->id))
			e = tell_grant(w, CHANGE_GRANT_ADDED, NULL, g);
	}
	return e;
}

static int tell_user(const struct walk *w, enum change_kind kind,
	const char *name, uint32_t uid)
{
	struct change c = {.kind = kind, .user = name, .uid = uid};

	return w->tell(&c, w->context);
}

static int walk_changed(const struct walk *w, const struct compiled_user *u)
{
	_cleanup_rights_view_ struct rights_view v = {0};
	struct rights_user known;
	int e = -ENOENT;

	if (w->before)
		e = rights_user_by_uid(w->before, u->from->uid, &known);
	if (e == -ENOENT)
		e = tell_user(
			w, CHANGE_USER_ADDED, u->from->name, u->from->uid);
	else if (e == 0)
		e = rights_view_load(w->before, u->from->uid, &v);
	return e ? e : tell_grants(w, &v, u);
}

static int compare_uid(const void *uid, const void *user)
{
	uint32_t x = *(const uint32_t *)uid;
	uint32_t y = ((const struct compiled_user *)user)->from->uid;

	return (x > y) - (x < y);
}

static int walk_known(const struct walk *w, const struct rights_user *known)
{
	_cleanup_rights_view_ struct rights_view v = {0};
	const struct compiled *c = w->after;
	int e;

	if (c->user_count > 0 && bsearch(&known->uid, c->users, c->user_count,
					 sizeof(*c->users), compare_uid))
		return 0;
	e = rights_view_load(w->before, known->uid, &v);
	if (e == 0)
		e = tell_grants(w, &v, NULL);
	if (e == 0)
		e = tell_user(w, CHANGE_USER_REMOVED, known->name, known->uid);
	return e;
}

int changes_tell(struct rights *before, const struct compiled *after,
	const struct compiled_user *const *changed, size_t changed_count,
	changes_teller *tell, void *context)
{
	const struct walk w = {
		before, after, after->snapshot->iat, tell, context};
	uint32_t known = before ? rights_user_count(before) : 0;
	struct rights_user u;
	int e = 0;

	for (uint32_t i = 0; e == 0 && i < known; i++) {
		e = rights_user_at(before, i, &u);
		if (e == 0)
			e = walk_known(&w, &u);
	}
	for (size_t i = 0; e == 0 && i < changed_count; i++)
		e = walk_changed(&w, changed[i]);
	return e;
}
