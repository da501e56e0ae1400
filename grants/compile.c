/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * User by user: enrolled or not; then each grant against a policy of just the
 * conduits that match the user, asked with the one decision function at the
 * window's first second. The gates will ask again; this pass exists so that
 * what a service forged is never published and always told.
 */
#include "grants/compile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "grants/cells.h"
#include "grants/decode.h"
#include "grants/users_write.h"

struct job {
	struct compiled c;
	struct snapshot *s;
	const struct policy *policy;
	const struct locals *locals;
	struct policy
		mine; /* of one user: conduits that match, all else borrowed */
	uint32_t *mine_index; /* in policy, of each conduit of mine */
	uint32_t *zone_of;    /* by target: index of its zone */
	bool *zone_used;      /* of one user */
	uint32_t *by_user;    /* indices of grants, user by user */
	size_t *first_of;     /* by user of the snapshot: place in by_user */
	size_t conduit_room;
};

static void job_done(struct job *j)
{
	compiled_done(&j->c);
	free(j->mine.conduits);
	free(j->mine_index);
	free(j->zone_of);
	free(j->zone_used);
	free(j->by_user);
	free(j->first_of);
}

void compiled_done(struct compiled *c)
{
	free(c->users);
	free(c->grants);
	free(c->targets);
	free(c->conduits);
	free(c->refusals);
	memset(c, 0, sizeof(*c));
}

static void *room(size_t count, size_t size)
{
	return calloc(count ? count : 1, size);
}

static void refuse(struct job *j, const struct grant_refusal *refusal)
{
	if (j->c.refusal_count < COMPILE_REFUSALS_MAX)
		j->c.refusals[j->c.refusal_count] = *refusal;
	j->c.refusal_count++;
}

/* NULL: may be enrolled. Source: threat T-ENROL. */
static const char *check_user(
	const struct job *j, const struct snapshot_user *u)
{
	const struct settings *s = &j->policy->settings;

	if (u->uid < s->uid_min || u->uid > s->uid_max)
		return "uid";
	if (locals_has_name(j->locals, u->name) ||
		locals_has_id(j->locals, u->uid))
		return "local";
	if (!policy_conduit_of_user(j->policy, u->name))
		return "name";
	if (users_gecos_check(u->gecos) < 0)
		return "gecos";
	return NULL;
}

/* UINT32_MAX: the policy has no such target, in no zone. */
static uint32_t index_of_target(const struct job *j, const char *name)
{
	const struct target *t = policy_target(j->policy, name);
	uint32_t index = t ? (uint32_t)(t - j->policy->targets) : UINT32_MAX;

	return t && j->zone_of[index] != UINT32_MAX ? index : UINT32_MAX;
}

const uint32_t *compiled_targets(
	const struct compiled *c, const struct grant *grant)
{
	return c->targets +
	       ((const char(*)[NAME_SIZE])grant->targets -
		       (const char(*)[NAME_SIZE])c->snapshot->names);
}

/* The policy's word on one target and protocol, as if all else were right:
 * at the window's start, from a granted source, recorded. */
static struct decision ask(struct job *j, const struct grant *g,
	const char *target, struct offer offer)
{
	struct request q = {
		.user = g->user,
		.uid = g->uid,
		.channel = CHANNEL_BROKERED,
		.target = target,
		.proto = offer.proto,
		.port = offer.port,
		.recording = true,
	};

	if (g->source_count > 0)
		q.source = g->sources[0].address;
	return policy_decide(&j->mine, &q, g, g->not_before);
}

static void refuse_part(struct job *j, const struct grant *g,
	const char *target, struct offer offer, const struct decision *d)
{
	struct grant_refusal r = {
		.word = reason_word(d->reason),
		.user = g->user,
		.uid = g->uid,
		.grant = g,
		.offer = offer,
		.origin = d->origin,
	};

	memcpy(r.target, target, strlen(target) + 1);
	refuse(j, &r);
}

/* Adds what the policy carries of a grant to one of its targets. */
static bool add_carried(struct job *j, const struct grant *g,
	const char *target, struct proto_set *carried)
{
	struct offer at = {0};
	bool any = false;

	while (proto_set_next(&g->protocols, &at)) {
		struct decision d = ask(j, g, target, at);

		any = any || d.allow;
		if (d.allow) /* it fits: all of them are the grant's */
			(void)proto_set_add(carried, at.proto, at.port);
		else
			refuse_part(j, g, target, at, &d);
	}
	return any;
}

/* Keeps one target of a grant, in place, and notes its index. */
static void keep_target(
	struct job *j, struct grant *g, size_t from, size_t to, uint32_t index)
{
	size_t at = (size_t)((char(*)[NAME_SIZE])g->targets - j->s->names);

	if (from != to)
		memcpy(j->s->names[at + to], j->s->names[at + from], NAME_SIZE);
	j->c.targets[at + to] = index;
}

/*
 * Leaves of a grant what the policy carries. One that is over or revoked
 * gives nothing any more: it only has to be told of, so it is not judged.
 */
static void narrow(struct job *j, struct grant *g)
{
	bool over = g->revoked || g->not_after <= j->s->iat;
	struct proto_set protocols =
		over ? g->protocols : (struct proto_set){0};
	size_t kept = 0;

	for (size_t i = 0; i < g->target_count; i++) {
		uint32_t index = index_of_target(j, g->targets[i]);
		struct proto_set with = protocols;

		if (!over && !add_carried(j, g, g->targets[i], &with))
			continue;
		if (index != UINT32_MAX) {
			keep_target(j, g, i, kept++, index);
			protocols = with;
		}
	}
	g->target_count = kept;
	g->protocols = protocols;
}

static int take_conduits_of(struct job *j, const char *user)
{
	size_t n = 0;

	for (size_t i = 0; i < j->policy->conduit_count; i++) {
		if (!conduit_has_user(&j->policy->conduits[i], user))
			continue;
		if (n == DECODE_CONDUITS_MAX)
			return -E2BIG;
		j->mine.conduits[n] = j->policy->conduits[i];
		j->mine_index[n++] = (uint32_t)i;
	}
	j->mine.conduit_count = n;
	return 0;
}

static int compare_start(const void *a, const void *b)
{
	const struct grant *x = *(const struct grant *const *)a;
	const struct grant *y = *(const struct grant *const *)b;

	if (x->not_before != y->not_before)
		return x->not_before < y->not_before ? -1 : 1;
	return strcmp(x->id, y->id);
}

/* The conduits of mine that lead to a zone that a kept target is in. */
static int keep_conduits(struct job *j, struct compiled_user *u)
{
	size_t want = j->c.conduit_count + j->mine.conduit_count;

	if (want > j->conduit_room) {
		uint32_t *more =
			reallocarray(j->c.conduits, want * 2, sizeof(*more));

		if (!more)
			return -ENOMEM;
		j->c.conduits = more;
		j->conduit_room = want * 2;
	}
	u->conduit_first = j->c.conduit_count;
	for (size_t i = 0; i < j->mine.conduit_count; i++) {
		bool leads = false;

		for (size_t z = 0; !leads && z < j->policy->zone_count; z++)
			leads = j->zone_used[z] &&
				conduit_has_zone(&j->mine.conduits[i],
					j->policy->zones[z].name);
		if (leads)
			j->c.conduits[j->c.conduit_count++] = j->mine_index[i];
	}
	u->conduit_count = j->c.conduit_count - u->conduit_first;
	return 0;
}

static void keep_grant(
	struct job *j, struct compiled_user *u, const struct grant *g)
{
	const uint32_t *targets = compiled_targets(&j->c, g);

	for (size_t i = 0; i < g->target_count; i++)
		j->zone_used[j->zone_of[targets[i]]] = true;
	j->c.grants[j->c.grant_count++] = g;
	u->grant_count++;
}

static void compile_grants(
	struct job *j, struct compiled_user *u, const char *refused)
{
	size_t place = (size_t)(u->from - j->s->users);

	memset(j->zone_used, 0, j->policy->zone_count);
	u->grant_first = j->c.grant_count;
	for (size_t i = 0; i < u->from->grant_count; i++) {
		struct grant *g =
			&j->s->grants[j->by_user[j->first_of[place] + i]];
		const char *word = refused;

		if (g->not_after <= j->s->iat - SNAPSHOT_KEPT_SEC)
			continue;
		g->revoked |= u->from->disabled;
		if (!word && u->grant_count == COMPILE_GRANTS_MAX)
			word = "limit";
		if (word) {
			refuse(j, &(struct grant_refusal){.word = word,
					  .user = g->user,
					  .uid = g->uid,
					  .grant = g});
			continue;
		}
		narrow(j, g);
		if (g->target_count > 0)
			keep_grant(j, u, g);
	}
	qsort(j->c.grants + u->grant_first, u->grant_count,
		sizeof(*j->c.grants), compare_start);
}

static int compile_user(struct job *j, const struct snapshot_user *from)
{
	struct compiled_user u = {.from = from};
	const char *word = check_user(j, from);
	int e;

	if (word) {
		refuse(j, &(struct grant_refusal){.word = word,
				  .user = from->name,
				  .uid = from->uid});
		compile_grants(j, &u, "user");
		return 0;
	}
	e = take_conduits_of(j, from->name);
	if (e < 0)
		return e;
	compile_grants(j, &u, NULL);
	e = keep_conduits(j, &u);
	if (e < 0)
		return e;
	j->c.users[j->c.user_count++] = u;
	return 0;
}

/* Grants of one user stand together in by_user, in the order of ids. */
static void group_by_user(struct job *j)
{
	size_t at = 0;

	for (size_t i = 0; i < j->s->user_count; i++) {
		j->first_of[i] = at;
		at += j->s->users[i].grant_count;
		j->s->users[i].grant_count = 0;
	}
	for (size_t i = 0; i < j->s->grant_count; i++) {
		uint32_t user = j->s->grant_users[i];

		j->by_user[j->first_of[user] +
			   j->s->users[user].grant_count++] = (uint32_t)i;
	}
}

static int prepare(struct job *j)
{
	const struct policy *p = j->policy;
	size_t users = j->s->user_count, grants = j->s->grant_count;

	j->mine = *p;
	j->mine.conduits = room(p->conduit_count, sizeof(*p->conduits));
	j->mine_index = room(p->conduit_count, sizeof(*j->mine_index));
	j->zone_of = room(p->target_count, sizeof(*j->zone_of));
	j->zone_used = room(p->zone_count, sizeof(*j->zone_used));
	j->by_user = room(grants, sizeof(*j->by_user));
	j->first_of = room(users, sizeof(*j->first_of));
	j->c.users = room(users, sizeof(*j->c.users));
	j->c.grants = room(grants, sizeof(*j->c.grants));
	j->c.targets = room(j->s->name_count, sizeof(*j->c.targets));
	j->c.refusals = room(COMPILE_REFUSALS_MAX, sizeof(*j->c.refusals));
	if (!j->mine.conduits || !j->mine_index || !j->zone_of ||
		!j->zone_used || !j->by_user || !j->first_of || !j->c.users ||
		!j->c.grants || !j->c.targets || !j->c.refusals)
		return -ENOMEM;
	for (size_t i = 0; i < p->target_count; i++) {
		const struct zone *z = policy_zone(p, p->targets[i].zone);

		j->zone_of[i] = z ? (uint32_t)(z - p->zones) : UINT32_MAX;
	}
	group_by_user(j);
	return 0;
}

static int compare_uid(const void *a, const void *b)
{
	uint32_t x = ((const struct compiled_user *)a)->from->uid;
	uint32_t y = ((const struct compiled_user *)b)->from->uid;

	return (x > y) - (x < y);
}

int compiled_make(struct snapshot *snapshot, const struct policy *policy,
	const struct locals *locals, struct compiled *ret_compiled)
{
	__attribute__((cleanup(job_done))) struct job j = {
		.s = snapshot,
		.policy = policy,
		.locals = locals,
		.c = {.snapshot = snapshot, .policy = policy},
	};
	int e = prepare(&j);

	for (size_t i = 0; e == 0 && i < snapshot->user_count; i++)
		e = compile_user(&j, &snapshot->users[i]);
	if (e < 0)
		return e;
	qsort(j.c.users, j.c.user_count, sizeof(*j.c.users), compare_uid);
	*ret_compiled = j.c;
	memset(&j.c, 0, sizeof(j.c));
	return 0;
}
