/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables in the order that the reader searches them by; indices into a
 * policy become indices into tables.
 */
#include "grants/arrange.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

void arrange_info(
	const struct compiled *c, uint64_t generation, struct image *ret_image)
{
	struct rights_info info = {
		.generation = generation,
		.serial = c->snapshot->serial,
		.issued = c->snapshot->iat,
		.expires = c->snapshot->exp,
		.settings = c->policy->settings,
	};
	struct body b;

	image_start(ret_image, CELL_KIND_INFO, generation);
	encode_info(&b, &info);
	(void)image_body(ret_image, &b);
}

static uint32_t zone_index(const struct policy *p, const struct target *t)
{
	const struct zone *z = policy_zone(p, t->zone);

	return z ? (uint32_t)(z - p->zones) : UINT32_MAX;
}

/* The place of a target's hop in the policy; UINT32_MAX: it has none. */
static uint32_t hop_index(const struct policy *p, const struct target *t)
{
	const struct target *hop = t->via[0] ? policy_target(p, t->via) : NULL;

	return hop ? (uint32_t)(hop - p->targets) : UINT32_MAX;
}

static void add_policy(const struct policy *p, struct image *i, struct body *b)
{
	for (size_t k = 0; k < p->zone_count; k++) {
		encode_zone(b, &p->zones[k]);
		image_named(i, CELL_ZONES, image_body(i, b));
	}
	for (size_t k = 0; k < p->target_count; k++) {
		const struct target *t = &p->targets[k];

		encode_target(b, t, zone_index(p, t), hop_index(p, t));
		image_named(i, CELL_TARGETS, image_body(i, b));
	}
	for (size_t k = 0; k < p->conduit_count; k++) {
		encode_conduit(b, &p->conduits[k]);
		image_named(i, CELL_CONDUITS, image_body(i, b));
	}
}

static void add_user(const struct compiled_user *u, size_t grant_first,
	const uint32_t *conduits, size_t conduit_count, struct image *i,
	struct body *b)
{
	struct image_user cell = {
		.name = u->from->name,
		.uid = u->from->uid,
		.disabled = u->from->disabled,
		.grant_first = (uint32_t)grant_first,
		.grant_count = (uint32_t)u->grant_count,
	};

	encode_user(
		b, u->from->keys, u->from->key_count, conduits, conduit_count);
	cell.body = image_body(i, b);
	image_user(i, &cell);
}

struct named {
	const char *name;
	uint32_t user;
};

static int compare_named(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name,
		((const struct named *)b)->name);
}

static void add_names(const struct compiled *c, struct image *i)
{
	_cleanup_free_ struct named *names =
		calloc(c->user_count + 1, sizeof(*names));

	if (!names) {
		i->error = -ENOMEM;
		return;
	}
	for (size_t k = 0; k < c->user_count; k++)
		names[k] = (struct named){c->users[k].from->name, (uint32_t)k};
	qsort(names, c->user_count, sizeof(*names), compare_named);
	for (size_t k = 0; k < c->user_count; k++)
		image_name(i, names[k].name, names[k].user);
}

void arrange_all(
	const struct compiled *c, uint64_t generation, struct image *ret_image)
{
	size_t grants = 0;
	struct body b;

	image_start(ret_image, CELL_KIND_ALL, generation);
	add_policy(c->policy, ret_image, &b);
	add_names(c, ret_image);
	for (size_t k = 0; k < c->user_count; k++) {
		const struct compiled_user *u = &c->users[k];

		add_user(u, grants, c->conduits + u->conduit_first,
			u->conduit_count, ret_image, &b);
		for (size_t n = 0; n < u->grant_count; n++) {
			const struct grant *g = c->grants[u->grant_first + n];

			encode_grant(&b, g, compiled_targets(c, g));
			image_grant(ret_image, g, image_body(ret_image, &b));
		}
		grants += u->grant_count;
	}
}

/* The targets and zones of one user, as sorted indices in the policy. Of the
 * targets some are granted; the others are what granted ones are behind. */
struct share {
	size_t target_count, zone_count, granted_count;
	uint32_t *targets, *zones, *granted;
};

static void share_done(struct share *s)
{
	free(s->granted);
	free(s->targets);
	free(s->zones);
}

static int compare_index(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static size_t settle(uint32_t *list, size_t count)
{
	size_t kept = 0;

	qsort(list, count, sizeof(*list), compare_index);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || list[kept - 1] != list[i])
			list[kept++] = list[i];
	return kept;
}

static uint32_t place_of(const uint32_t *list, size_t count, uint32_t index)
{
	const uint32_t *found =
		bsearch(&index, list, count, sizeof(*list), compare_index);

	return found ? (uint32_t)(found - list) : UINT32_MAX;
}

static void take_granted(const struct compiled *c,
	const struct compiled_user *u, struct share *s)
{
	for (size_t k = 0; k < u->grant_count; k++) {
		const struct grant *g = c->grants[u->grant_first + k];
		const uint32_t *targets = compiled_targets(c, g);

		for (size_t t = 0; t < g->target_count; t++)
			s->granted[s->granted_count++] = targets[t];
	}
	s->granted_count = settle(s->granted, s->granted_count);
}

static void take_hops(const struct policy *p, struct share *s)
{
	for (size_t k = 0; k < s->granted_count; k++) {
		uint32_t at = s->granted[k];

		for (int n = 0; n <= POLICY_HOPS_MAX && at != UINT32_MAX; n++) {
			s->targets[s->target_count++] = at;
			at = hop_index(p, &p->targets[at]);
		}
	}
	s->target_count = settle(s->targets, s->target_count);
}

static int take_share(const struct compiled *c, const struct compiled_user *u,
	struct share *s)
{
	size_t n = 0;

	for (size_t k = 0; k < u->grant_count; k++)
		n += c->grants[u->grant_first + k]->target_count;
	s->granted = calloc(n + 1, sizeof(*s->granted));
	s->targets = calloc(n + 1, (POLICY_HOPS_MAX + 1) * sizeof(*s->targets));
	s->zones = calloc(n + 1, (POLICY_HOPS_MAX + 1) * sizeof(*s->zones));
	if (!s->granted || !s->targets || !s->zones)
		return -ENOMEM;
	take_granted(c, u, s);
	take_hops(c->policy, s);
	for (size_t t = 0; t < s->target_count; t++)
		s->zones[t] = zone_index(
			c->policy, &c->policy->targets[s->targets[t]]);
	s->zone_count = settle(s->zones, s->target_count);
	return 0;
}

/* A conduit without other suppliers' patterns and without other zones. */
static struct conduit own_conduit(const struct conduit *from,
	const struct policy *p, const struct share *s, const char *user)
{
	struct conduit c = *from;

	c.user_count = 0;
	for (size_t i = 0; i < from->user_count; i++)
		if (pattern_matches(from->users[i], user))
			memcpy(c.users[c.user_count++], from->users[i],
				NAME_SIZE);
	c.zone_count = 0;
	for (size_t i = 0; i < s->zone_count; i++) {
		const char *zone = p->zones[s->zones[i]].name;

		if (conduit_has_zone(from, zone))
			memcpy(c.zones[c.zone_count++], zone, NAME_SIZE);
	}
	return c;
}

static void add_share(const struct compiled *c, const struct compiled_user *u,
	const struct share *s, struct image *i, struct body *b)
{
	const struct policy *p = c->policy;

	for (size_t k = 0; k < s->zone_count; k++) {
		encode_zone(b, &p->zones[s->zones[k]]);
		image_named(i, CELL_ZONES, image_body(i, b));
	}
	for (size_t k = 0; k < s->target_count; k++) {
		struct target t = p->targets[s->targets[k]];

		t.hop_only = place_of(s->granted, s->granted_count,
				     s->targets[k]) == UINT32_MAX;
		encode_target(b, &t,
			place_of(s->zones, s->zone_count, zone_index(p, &t)),
			place_of(
				s->targets, s->target_count, hop_index(p, &t)));
		image_named(i, CELL_TARGETS, image_body(i, b));
	}
	for (size_t k = 0; k < u->conduit_count; k++) {
		struct conduit own = own_conduit(
			&p->conduits[c->conduits[u->conduit_first + k]], p, s,
			u->from->name);

		encode_conduit(b, &own);
		image_named(i, CELL_CONDUITS, image_body(i, b));
	}
}

static void add_own_grants(const struct compiled *c,
	const struct compiled_user *u, const struct share *s, struct image *i,
	struct body *b)
{
	uint32_t own[SNAPSHOT_TARGETS_MAX];

	for (size_t k = 0; k < u->grant_count; k++) {
		const struct grant *g = c->grants[u->grant_first + k];
		const uint32_t *targets = compiled_targets(c, g);

		for (size_t t = 0; t < g->target_count; t++)
			own[t] = place_of(
				s->targets, s->target_count, targets[t]);
		encode_grant(b, g, own);
		image_grant(i, g, image_body(i, b));
	}
}

int arrange_user(const struct compiled *c, const struct compiled_user *u,
	struct image *ret_image)
{
	__attribute__((cleanup(share_done))) struct share s = {0};
	uint32_t conduits[DECODE_CONDUITS_MAX];
	struct body b;
	int e = take_share(c, u, &s);

	if (e < 0)
		return e;
	image_start(ret_image, CELL_KIND_USER, u->from->uid);
	add_share(c, u, &s, ret_image, &b);
	for (size_t k = 0; k < u->conduit_count; k++)
		conduits[k] = (uint32_t)k;
	add_user(u, 0, conduits, u->conduit_count, ret_image, &b);
	image_name(ret_image, u->from->name, 0);
	add_own_grants(c, u, &s, ret_image, &b);
	return 0;
}
