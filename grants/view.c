/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One user's share of the compiled rights as a policy in memory: the grants,
 * the targets they name, these targets' zones, and the conduits that match
 * the user. policy_decide_any() answers on it as on the whole policy.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "grants/reader.h"

/* A growing list of indices into a table; sorted and unique after settle(). */
struct indices {
	size_t count, capacity;
	uint32_t *at;
};

static void indices_done(struct indices *l)
{
	free(l->at);
}

static int indices_add(struct indices *l, const uint32_t *from, size_t n)
{
	size_t want = l->count + n;

	if (want > l->capacity) {
		size_t capacity = want * 2;
		uint32_t *more = reallocarray(l->at, capacity, sizeof(*more));

		if (!more)
			return -ENOMEM;
		l->at = more;
		l->capacity = capacity;
	}
	if (n > 0)
		memcpy(l->at + l->count, from, n * sizeof(*from));
	l->count = want;
	return 0;
}

static int compare_index(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void indices_settle(struct indices *l)
{
	size_t kept = 0;

	if (l->count > 0)
		qsort(l->at, l->count, sizeof(*l->at), compare_index);
	for (size_t i = 0; i < l->count; i++)
		if (kept == 0 || l->at[kept - 1] != l->at[i])
			l->at[kept++] = l->at[i];
	l->count = kept;
}

/* What is being put together, and what is needed only meanwhile. */
struct assembly {
	struct rights_view view;
	struct indices granted; /* of all grants, then unique */
	struct indices targets; /* these, and what they are behind */
	struct indices named;	/* of all grants, one after the other */
	struct indices zones;	/* unique */
	uint32_t *zone_of;	/* by place in view.policy.targets */
	uint32_t *via_of;	/* the same */
};

static void assembly_done(struct assembly *a)
{
	rights_view_done(&a->view);
	indices_done(&a->granted);
	indices_done(&a->targets);
	indices_done(&a->named);
	indices_done(&a->zones);
	free(a->zone_of);
	free(a->via_of);
}

/* calloc() that also answers for nothing, so that NULL is always an error. */
static void *room(size_t count, size_t size)
{
	return calloc(count ? count : 1, size);
}

static int open_cell(struct rights *r, enum cell_table table, uint32_t index,
	struct cursor *ret_in)
{
	uint8_t payload[CELL_PAYLOAD];
	struct cell_ref ref;
	struct cursor in;
	int e = cells_read(&r->cells, table, index, payload);

	if (e < 0)
		return e;
	cursor_init(&in, payload, sizeof(payload));
	ref.first = cursor_u32(&in);
	ref.len_bytes = cursor_u32(&in);
	return reader_body(r, ref, ret_in);
}

static int load_grant(struct rights *r, const struct user_cell *user,
	uint32_t index, struct assembly *a, struct grant *ret_grant)
{
	uint32_t targets[DECODE_TARGETS_MAX];
	uint8_t payload[CELL_PAYLOAD];
	struct cell_ref ref;
	struct cursor cell, body;
	int64_t from, to;
	uint32_t uid, flags;
	int e = cells_read(&r->cells, CELL_GRANTS, index, payload);

	if (e < 0)
		return e;
	cursor_init(&cell, payload, sizeof(payload));
	ref.first = cursor_u32(&cell);
	ref.len_bytes = cursor_u32(&cell);
	uid = cursor_u32(&cell);
	flags = cursor_u32(&cell);
	from = (int64_t)cursor_u64(&cell);
	to = (int64_t)cursor_u64(&cell);
	if (cell.failed || uid != user->uid || flags > 1 || from >= to)
		return -EBADMSG;
	e = reader_body(r, ref, &body);
	if (e == 0)
		e = decode_grant(&body, ret_grant, targets);
	if (e < 0)
		return e;
	memcpy(ret_grant->user, user->name, sizeof(ret_grant->user));
	ret_grant->uid = uid;
	ret_grant->revoked = flags == 1 || user->disabled;
	ret_grant->not_before = from;
	ret_grant->not_after = to;
	e = indices_add(&a->named, targets, ret_grant->target_count);
	if (e == 0)
		e = indices_add(&a->granted, targets, ret_grant->target_count);
	return e;
}

static int load_grants(
	struct rights *r, const struct user_cell *user, struct assembly *a)
{
	struct rights_view *v = &a->view;

	if (user->grant_count > DECODE_GRANTS_MAX ||
		user->grant_first > UINT32_MAX - user->grant_count)
		return -EBADMSG;
	v->grants = room(user->grant_count, sizeof(*v->grants));
	if (!v->grants)
		return -ENOMEM;
	for (uint32_t i = 0; i < user->grant_count; i++) {
		struct grant *g = &v->grants[i];
		int e = load_grant(r, user, user->grant_first + i, a, g);

		if (e < 0)
			return e;
		if (i > 0 && g[-1].not_before > g->not_before)
			return -EBADMSG;
		v->grant_count++;
	}
	indices_settle(&a->granted);
	return indices_add(&a->targets, a->granted.at, a->granted.count);
}

static size_t index_place(const struct indices *l, uint32_t index)
{
	const uint32_t *found =
		bsearch(&index, l->at, l->count, sizeof(*l->at), compare_index);

	return found ? (size_t)(found - l->at) : SIZE_MAX;
}

static void forget_targets(struct assembly *a)
{
	struct policy *p = &a->view.policy;

	for (size_t i = 0; i < p->target_count; i++)
		free(p->targets[i].hostkeys);
	free(p->targets);
	free(a->zone_of);
	free(a->via_of);
	p->targets = NULL;
	a->zone_of = a->via_of = NULL;
	p->target_count = 0;
}

static int read_targets(struct rights *r, struct assembly *a)
{
	struct policy *p = &a->view.policy;

	forget_targets(a);
	p->targets = room(a->targets.count, sizeof(*p->targets));
	a->zone_of = room(a->targets.count, sizeof(*a->zone_of));
	a->via_of = room(a->targets.count, sizeof(*a->via_of));
	if (!p->targets || !a->zone_of || !a->via_of)
		return -ENOMEM;
	for (size_t i = 0; i < a->targets.count; i++) {
		struct target *t = &p->targets[i];
		struct cursor in;
		int e = open_cell(r, CELL_TARGETS, a->targets.at[i], &in);

		if (e == 0)
			e = decode_target(
				&in, t, &a->zone_of[i], &a->via_of[i]);
		if (e < 0)
			return e;
		p->target_count++;
		if (i > 0 && strcmp(t[-1].name, t->name) >= 0)
			return -EBADMSG;
	}
	return 0;
}

/* The hops that are not there yet: 1 when there were any. */
static int add_hops(struct assembly *a)
{
	const size_t count = a->view.policy.target_count;
	int grown = 0;

	for (size_t i = 0; i < count; i++) {
		struct indices known = a->targets;

		known.count = count;
		if (a->via_of[i] == UINT32_MAX ||
			index_place(&known, a->via_of[i]) != SIZE_MAX)
			continue;
		if (indices_add(&a->targets, &a->via_of[i], 1) < 0)
			return -ENOMEM;
		grown = 1;
	}
	indices_settle(&a->targets);
	return grown;
}

/* The granted targets, and what they are behind. */
static int load_targets(struct rights *r, struct assembly *a)
{
	struct policy *p = &a->view.policy;
	int e = read_targets(r, a), more = 0;

	for (int hop = 0; e == 0; hop++) {
		more = add_hops(a);
		if (more <= 0)
			break;
		e = hop < POLICY_HOPS_MAX ? read_targets(r, a) : -EBADMSG;
	}
	if (e < 0 || more < 0)
		return e < 0 ? e : more;
	for (size_t i = 0; i < p->target_count; i++) {
		struct target *t = &p->targets[i];
		size_t via = index_place(&a->targets, a->via_of[i]);

		t->hop_only =
			index_place(&a->granted, a->targets.at[i]) == SIZE_MAX;
		if (a->via_of[i] != UINT32_MAX)
			memcpy(t->via, p->targets[via].name, NAME_SIZE);
	}
	return 0;
}

static int load_zones(struct rights *r, struct assembly *a)
{
	struct policy *p = &a->view.policy;
	int e = indices_add(&a->zones, a->zone_of, p->target_count);

	if (e < 0)
		return e;
	indices_settle(&a->zones);
	p->zones = room(a->zones.count, sizeof(*p->zones));
	if (!p->zones)
		return -ENOMEM;
	for (size_t i = 0; i < a->zones.count; i++) {
		struct zone *z = &p->zones[i];
		struct cursor in;

		e = open_cell(r, CELL_ZONES, a->zones.at[i], &in);
		if (e == 0)
			e = decode_zone(&in, z);
		if (e < 0)
			return e;
		p->zone_count++;
		if (i > 0 && strcmp(z[-1].name, z->name) >= 0)
			return -EBADMSG;
	}
	for (size_t i = 0; i < p->target_count; i++)
		memcpy(p->targets[i].zone,
			p->zones[index_place(&a->zones, a->zone_of[i])].name,
			NAME_SIZE);
	return 0;
}

static int load_conduits(
	struct rights *r, const struct user_cell *user, struct assembly *a)
{
	struct policy *p = &a->view.policy;
	struct cursor in;
	int e = reader_body(r, user->body, &in);

	if (e == 0)
		e = decode_user(&in, &r->user);
	if (e < 0)
		return e;
	p->conduits = room(r->user.conduit_count, sizeof(*p->conduits));
	if (!p->conduits)
		return -ENOMEM;
	for (size_t i = 0; i < r->user.conduit_count; i++) {
		if (i > 0 && r->user.conduits[i - 1] >= r->user.conduits[i])
			return -EBADMSG;
		e = open_cell(r, CELL_CONDUITS, r->user.conduits[i], &in);
		if (e == 0)
			e = decode_conduit(&in, &p->conduits[i]);
		if (e < 0)
			return e;
		p->conduit_count++;
	}
	return 0;
}

/* Gives each grant the names of its targets, in one block. */
static int name_targets(struct assembly *a)
{
	struct rights_view *v = &a->view;
	char(*names)[NAME_SIZE] = room(a->named.count, sizeof(*names));
	size_t at = 0;

	if (!names)
		return -ENOMEM;
	v->names = names;
	for (size_t i = 0; i < a->named.count; i++) {
		size_t t = index_place(&a->targets, a->named.at[i]);

		memcpy(names[i], v->policy.targets[t].name, NAME_SIZE);
	}
	for (size_t i = 0; i < v->grant_count; i++) {
		v->grants[i].targets = (const char(*)[NAME_SIZE])(names + at);
		at += v->grants[i].target_count;
	}
	return 0;
}

int rights_view_load(
	struct rights *r, uint32_t uid, struct rights_view *ret_view)
{
	__attribute__((cleanup(assembly_done))) struct assembly a = {0};
	struct user_cell user;
	int e = reader_find_uid(r, uid, &user);

	a.view.policy.settings = r->info.settings;
	if (e == 0) {
		e = load_grants(r, &user, &a);
		if (e == 0)
			e = load_targets(r, &a);
		if (e == 0)
			e = load_zones(r, &a);
		if (e == 0)
			e = load_conduits(r, &user, &a);
		if (e == 0)
			e = name_targets(&a);
	} else if (e == -ENOENT) {
		e = 0;
	}
	if (e < 0)
		return e;
	*ret_view = a.view;
	memset(&a.view, 0, sizeof(a.view));
	return 0;
}

void rights_view_done(struct rights_view *v)
{
	policy_done(&v->policy);
	free(v->grants);
	free(v->names);
	memset(v, 0, sizeof(*v));
}

struct decision rights_decide(
	const struct rights_view *v, const struct request *request, int64_t now)
{
	return policy_decide_any(
		&v->policy, request, v->grants, v->grant_count, now);
}

static bool target_has(const struct target *t, const struct address *address)
{
	for (size_t i = 0; i < t->address_count; i++)
		if (address_equal(&t->addresses[i], address))
			return true;
	return false;
}

static bool offers_at(
	const struct target *t, uint16_t port, enum proto *ret_proto)
{
	struct offer list[TARGET_OFFERS_MAX];
	const size_t count = target_offers(t, list);

	for (size_t i = 0; i < count; i++) {
		if (list[i].port != port)
			continue;
		*ret_proto = list[i].proto;
		return true;
	}
	return false;
}

const struct target *rights_target_at(const struct rights_view *v,
	const struct address *address, uint16_t port, enum proto *ret_proto)
{
	for (size_t i = 0; i < v->policy.target_count; i++) {
		const struct target *t = &v->policy.targets[i];

		if (!t->hop_only && target_has(t, address) &&
			offers_at(t, port, ret_proto))
			return t;
	}
	return NULL;
}
