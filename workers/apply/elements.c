/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/apply/elements.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "workers/filter/text.h"

void elements_done(struct elements *e)
{
	free(e->of);
	memset(e, 0, sizeof(*e));
}

static int add(struct elements *e, const struct element *one)
{
	if (e->count == e->room) {
		size_t room = e->room ? 2 * e->room : 64;
		struct element *grown =
			reallocarray(e->of, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		e->of = grown;
		e->room = room;
	}
	e->of[e->count++] = *one;
	return 0;
}

static int place_order(const struct element *x, const struct element *y)
{
	int r = memcmp(&x->address, &y->address, sizeof(x->address));

	if (x->uid != y->uid)
		return x->uid < y->uid ? -1 : 1;
	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	return r;
}

static int by_place(const void *a, const void *b)
{
	return place_order(a, b);
}

void elements_sort(struct elements *e)
{
	size_t kept = 0;

	if (e->count == 0)
		return;
	qsort(e->of, e->count, sizeof(*e->of), by_place);
	for (size_t i = 1; i < e->count; i++) {
		if (place_order(&e->of[kept], &e->of[i]) != 0)
			e->of[++kept] = e->of[i];
		else if (e->of[i].left_sec > e->of[kept].left_sec)
			e->of[kept].left_sec = e->of[i].left_sec;
	}
	e->count = kept + 1;
}

/* One target by one port of it, when the one decision says so. */
static int add_target(struct elements *e, const struct compiled *c,
	const struct grant *g, const char *target, struct offer offer, int64_t now)
{
	const struct request q = {
		.user = g->user,
		.uid = g->uid,
		.channel = CHANNEL_TUNNEL,
		.target = target,
		.proto = offer.proto,
		.port = offer.port,
		/* From where is the relay's to see: any granted one here. */
		.source = g->source_count ? g->sources[0].address
					  : (struct address){0},
		.recording = true,
	};
	const struct decision d = policy_decide(c->policy, &q, g, now);
	struct element one = {.uid = g->uid, .port = d.port};
	int r = 0;

	if (!d.allow || !d.target)
		return 0;
	one.left_sec = d.until + d.grace_sec - now;
	if (one.left_sec < 1 || one.left_sec > ELEMENTS_LEFT_MAX)
		return 0;
	for (size_t i = 0;
		r == 0 && i < d.target->address_count && i < POLICY_ADDRS_MAX;
		i++) {
		one.address = d.target->addresses[i];
		r = add(e, &one);
	}
	return r;
}

static int add_grant(struct elements *e, const struct compiled *c,
	const struct grant *g, int64_t now)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < g->target_count; i++) {
		const struct target *t =
			policy_target(c->policy, g->targets[i]);
		struct offer list[TARGET_OFFERS_MAX];
		const size_t count = t ? target_offers(t, list) : 0;

		for (size_t k = 0; r == 0 && k < count; k++) {
			if (proto_set_has(
				    &g->protocols, list[k].proto, list[k].port))
				r = add_target(
					e, c, g, g->targets[i], list[k], now);
		}
	}
	return r;
}

int elements_desired(const struct compiled *c, int64_t now,
	struct elements *ret_elements, int64_t *ret_next_open)
{
	_cleanup_elements_ struct elements e = {0};
	int64_t next_open = 0;

	for (size_t i = 0; i < c->grant_count; i++) {
		const struct grant *g = c->grants[i];

		if (g->revoked || now >= g->not_after)
			continue;
		if (now < g->not_before) {
			if (next_open == 0 || g->not_before < next_open)
				next_open = g->not_before;
			continue;
		}
		if (add_grant(&e, c, g, now) < 0)
			return -ENOMEM;
	}
	elements_sort(&e);
	*ret_elements = e;
	memset(&e, 0, sizeof(e));
	*ret_next_open = next_open;
	return 0;
}

/* {"elem": {"val": {"concat": [UID, "ADDRESS", PORT]}, "expires": S}} */
static int add_listed(struct elements *e, const json_t *item)
{
	const json_t *elem = json_object_get(item, "elem");
	/* Without a timeout, nft leaves the wrapping out. */
	const json_t *concat = json_object_get(
		elem ? json_object_get(elem, "val") : item, "concat");
	const json_t *expires = json_object_get(elem, "expires");
	const json_t *uid = json_array_get(concat, 0);
	const char *address = json_string_value(json_array_get(concat, 1));
	const json_t *port = json_array_get(concat, 2);
	struct element one = {0};

	if (json_array_size(concat) != 3 || !json_is_integer(uid) ||
		!json_is_integer(port) || !address ||
		address_parse(address, &one.address) < 0)
		return -EBADMSG;
	if (json_integer_value(uid) < 0 ||
		json_integer_value(uid) > UINT32_MAX ||
		json_integer_value(port) < 0 ||
		json_integer_value(port) > UINT16_MAX)
		return -EBADMSG;
	one.uid = (uint32_t)json_integer_value(uid);
	one.port = (uint16_t)json_integer_value(port);
	/* One that never goes by itself is none that we made. */
	one.left_sec = json_is_integer(expires) ? json_integer_value(expires)
						: ELEMENTS_LEFT_MAX;
	return add(e, &one);
}

static int add_set(struct elements *e, const json_t *set)
{
	const json_t *list = json_object_get(set, "elem"), *item;
	size_t i;
	int r;

	json_array_foreach(list, i, item)
	{
		r = add_listed(e, item);
		if (r < 0)
			return r;
	}
	return 0;
}

int elements_listed(const char *json, size_t len, struct elements *elements)
{
	json_t *tree = json_loadb(json, len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *parts = json_object_get(tree, "nftables"), *part;
	int r = json_is_array(parts) ? 0 : -EBADMSG;
	size_t i;

	json_array_foreach(parts, i, part)
	{
		const json_t *set = json_object_get(part, "set");

		if (r == 0 && set)
			r = add_set(elements, set);
	}
	json_decref(tree);
	return r;
}

static void put_element(
	FILE *f, const char *verb, const struct element *e, int64_t left_sec)
{
	char text[ADDRESS_TEXT_SIZE];

	fprintf(f, "%s element inet " FILTER_TABLE " granted%c { %u . %s . %u",
		verb, e->address.family == AF_INET ? '4' : '6', e->uid,
		address_format(&e->address, text, sizeof(text)), e->port);
	if (left_sec > 0)
		fprintf(f, " timeout %llds", (long long)left_sec);
	fputs(" }\n", f);
}

/* Added first, so that there is one to delete even if it timed out. */
static void put_removal(FILE *f, const struct element *e)
{
	put_element(f, "add", e, 60);
	put_element(f, "delete", e, 0);
}

static void compare(const struct elements *live, const struct elements *desired,
	FILE *remove, FILE *put)
{
	size_t l = 0, d = 0;

	while (l < live->count || d < desired->count) {
		const struct element *have =
			l < live->count ? &live->of[l] : NULL;
		const struct element *want =
			d < desired->count ? &desired->of[d] : NULL;
		int order = !have ? 1 : !want ? -1 : place_order(have, want);

		l += order <= 0;
		d += order >= 0;
		if (order < 0) {
			put_removal(remove, have);
			continue;
		}
		if (order == 0 && llabs(have->left_sec - want->left_sec) <=
					  ELEMENTS_SLACK_SEC)
			continue;
		if (order == 0 && have->left_sec > want->left_sec)
			put_removal(remove, have);
		put_removal(put, want);
		put_element(put, "add", want, want->left_sec);
	}
}

int elements_difference(const struct elements *live,
	const struct elements *desired, char **ret_remove, char **ret_put)
{
	_cleanup_free_ char *remove = NULL, *put = NULL;
	size_t remove_len, put_len;
	FILE *r = open_memstream(&remove, &remove_len);
	FILE *p = open_memstream(&put, &put_len);
	bool failed = !r || !p;

	if (!failed)
		compare(live, desired, r, p);
	failed = (r && (ferror(r) | fclose(r))) || failed;
	failed = (p && (ferror(p) | fclose(p))) || failed;
	if (failed)
		return -ENOMEM;
	*ret_remove = TAKE_PTR(remove);
	*ret_put = TAKE_PTR(put);
	return 0;
}
