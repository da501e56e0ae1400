/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Overlaps, found by sorting: what could clash stands side by side then, so
 * that a plant with thousands of targets is checked in no time.
 */
#include "policy/overlap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* One network of a zone, or one port of an address of a target. */
struct claim {
	struct address address;
	uint8_t prefix;
	uint16_t port;
	enum proto proto;
	const struct draft_section *section;
	const char *name;
};

static int by_place(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;
	int order = (int)x->address.family - (int)y->address.family;

	if (!order)
		order = memcmp(x->address.bytes, y->address.bytes, 16);
	if (!order)
		order = (int)x->prefix - (int)y->prefix;
	if (!order)
		order = (int)x->port - (int)y->port;
	if (!order && x->section->order != y->section->order)
		order = x->section->order < y->section->order ? -1 : 1;
	return order ? order : (int)x->proto - (int)y->proto;
}

static size_t zone_claims(const struct draft *d, struct claim *claims)
{
	size_t n = 0;

	for (size_t i = 0; i < d->zones.count; i++) {
		const struct zone_draft *z = draft_zone(d, i);

		if (z->section.broken)
			continue;
		for (size_t k = 0; k < z->zone.network_count; k++)
			claims[n++] = (struct claim){
				.address = z->zone.networks[k].address,
				.prefix = z->zone.networks[k].prefix,
				.section = &z->section,
				.name = z->zone.name};
	}
	return n;
}

static void complain_networks(
	struct draft *d, const struct claim *wide, const struct claim *narrow)
{
	char outer[ADDRESS_TEXT_SIZE], inner[ADDRESS_TEXT_SIZE];
	const struct claim *later = narrow, *first = wide;
	struct origin at;

	if (wide->section->order > narrow->section->order) {
		later = wide;
		first = narrow;
	}
	at = draft_key_origin(later->section, "Networks");
	address_format(&later->address, inner, sizeof(inner));
	address_format(&first->address, outer, sizeof(outer));
	draft_complain(d, &at,
		"%s/%u overlaps %s/%u of zone \"%s\" (%s:%u); an address "
		"belongs to one network of one zone",
		inner, later->prefix, outer, first->prefix, first->name,
		first->section->origin.file, first->section->origin.line);
}

/*
 * Networks either nest or are apart; sorted, all that lie within one follow
 * right behind it.
 */
static void check_networks(struct draft *d)
{
	_cleanup_free_ struct claim *claims = calloc(
		d->zones.count + 1, POLICY_NETWORKS_MAX * sizeof(*claims));
	const struct claim *wide = NULL;
	size_t count;

	if (!claims) {
		d->no_memory = true;
		return;
	}
	count = zone_claims(d, claims);
	qsort(claims, count, sizeof(*claims), by_place);
	for (size_t i = 0; i < count; i++) {
		struct network outer = {0};

		if (wide) {
			outer.address = wide->address;
			outer.prefix = wide->prefix;
		}
		if (wide && network_has(&outer, &claims[i].address))
			complain_networks(d, wide, &claims[i]);
		else
			wide = &claims[i];
	}
}

static size_t add_claims(
	const struct target_draft *t, struct claim *claims, size_t n)
{
	struct offer list[TARGET_OFFERS_MAX];
	const size_t count = target_offers(&t->target, list);
	const bool ssh = proto_set_has(&t->target.protocols, PROTO_SSH, 0);

	for (size_t k = 0; k < t->target.address_count; k++) {
		for (size_t i = 0; i < count; i++) {
			/* ssh and sftp are one service. */
			if (list[i].proto == PROTO_SFTP && ssh)
				continue;
			claims[n++] = (struct claim){
				.address = t->target.addresses[k],
				.port = list[i].port,
				.proto = list[i].proto,
				.section = &t->section,
				.name = t->target.name};
		}
	}
	return n;
}

static size_t target_claims(const struct draft *d, struct claim *claims)
{
	size_t n = 0;

	for (size_t i = 0; i < d->targets.count; i++) {
		const struct target_draft *t = draft_target(d, i);

		if (!t->section.broken)
			n = add_claims(t, claims, n);
	}
	return n;
}

static void complain_ports(
	struct draft *d, const struct claim *first, const struct claim *later)
{
	char text[ADDRESS_TEXT_SIZE], key[24];
	char one[PROTO_TEXT_SIZE], other[PROTO_TEXT_SIZE];
	struct origin at;

	address_format(&later->address, text, sizeof(text));
	if (first->section != later->section) {
		at = draft_key_origin(later->section, "Address");
		draft_complain(d, &at,
			"%s port %u is [target %s] (%s:%u) already; an address "
			"and port belongs to one target",
			text, later->port, first->name,
			first->section->origin.file,
			first->section->origin.line);
		return;
	}
	snprintf(key, sizeof(key), "Port.%s", proto_name(later->proto));
	at = draft_key_origin(later->section,
		draft_key_given(later->section, key) ? key : "Protocols");
	draft_complain(d, &at,
		"%s and %s can't share port %u; give one of them another",
		proto_text(first->proto, first->port, one),
		proto_text(later->proto, later->port, other), later->port);
}

static void check_ports(struct draft *d)
{
	_cleanup_free_ struct claim *claims = calloc(d->targets.count + 1,
		POLICY_ADDRS_MAX * TARGET_OFFERS_MAX * sizeof(*claims));
	const struct claim *said = NULL; /* it and the one behind it */
	size_t count;

	if (!claims) {
		d->no_memory = true;
		return;
	}
	count = target_claims(d, claims);
	qsort(claims, count, sizeof(*claims), by_place);
	for (size_t i = 1; i < count; i++) {
		const struct claim *a = &claims[i - 1], *b = &claims[i];

		if (!address_equal(&a->address, &b->address) ||
			a->port != b->port)
			continue;
		/* Two targets, or two protocols of one: said once. */
		if (said && said[0].section == a->section &&
			said[1].section == b->section &&
			(a->section != b->section || said[1].proto == b->proto))
			continue;
		complain_ports(d, a, b);
		said = a;
	}
}

void check_overlaps(struct draft *d)
{
	check_networks(d);
	check_ports(d);
}
