/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Texts in, a whole policy or complaints out: the part of the loader that
 * touches no file, for tests and fuzzers as well.
 */
#include "policy/policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/draft.h"

static void draft_done(struct draft *d)
{
	for (size_t i = 0; i < d->targets.count; i++)
		free(draft_target(d, i)->target.hostkeys);
	free(d->zones.items);
	free(d->targets.items);
	free(d->conduits.items);
}

static int error_order(
	const struct policy_error *a, const struct policy_error *b)
{
	int order = strcmp(a->origin.file, b->origin.file);

	if (order)
		return order;
	return a->origin.line < b->origin.line	 ? -1
	       : a->origin.line > b->origin.line ? 1
						 : 0;
}

/* By file and line; of one line, in the order found. */
static void errors_sort(struct policy_errors *e)
{
	size_t kept =
		e->count < POLICY_ERRORS_MAX ? e->count : POLICY_ERRORS_MAX;

	for (size_t i = 1; i < kept; i++) {
		struct policy_error moved = e->error[i];
		size_t j = i;

		for (; j > 0 && error_order(&e->error[j - 1], &moved) > 0; j--)
			e->error[j] = e->error[j - 1];
		e->error[j] = moved;
	}
}

/* Copies, of hostkeys the pointer: the draft gives them up. */
static int policy_take(struct policy *p, struct draft *d)
{
	p->settings = d->settings;
	p->zones = calloc(d->zones.count + 1, sizeof(*p->zones));
	p->targets = calloc(d->targets.count + 1, sizeof(*p->targets));
	p->conduits = calloc(d->conduits.count + 1, sizeof(*p->conduits));
	if (!p->zones || !p->targets || !p->conduits)
		return -ENOMEM;
	for (size_t i = 0; i < d->zones.count; i++) {
		p->zones[i] = draft_zone(d, i)->zone;
		p->zones[i].origin = draft_zone(d, i)->section.origin;
	}
	for (size_t i = 0; i < d->conduits.count; i++) {
		p->conduits[i] = draft_conduit(d, i)->conduit;
		p->conduits[i].origin = draft_conduit(d, i)->section.origin;
	}
	for (size_t i = 0; i < d->targets.count; i++) {
		p->targets[i] = draft_target(d, i)->target;
		p->targets[i].origin = draft_target(d, i)->section.origin;
		draft_target(d, i)->target.hostkeys = NULL;
	}
	p->zone_count = d->zones.count;
	p->target_count = d->targets.count;
	p->conduit_count = d->conduits.count;
	return 0;
}

static int judge(struct draft *d, struct policy *ret_policy)
{
	struct policy p = {0};
	int r;

	draft_check(d);
	if (d->no_memory)
		return -ENOMEM;
	if (d->errors->count > 0)
		return -EINVAL;
	r = policy_take(&p, d);
	if (r < 0) {
		policy_done(&p);
		return r;
	}
	*ret_policy = p;
	return 0;
}

int policy_parse(const struct policy_text *texts, size_t count,
	struct policy *ret_policy, struct policy_errors *ret_errors)
{
	struct draft d = {
		.errors = ret_errors,
		.zones = {.item_size = sizeof(struct zone_draft),
			.max = DRAFT_ZONES_MAX},
		.targets = {.item_size = sizeof(struct target_draft),
			.max = DRAFT_TARGETS_MAX},
		.conduits = {.item_size = sizeof(struct conduit_draft),
			.max = DRAFT_CONDUITS_MAX},
	};
	int r;

	ret_errors->count = 0;
	keys_defaults(SECTION_BASTION, &d.settings);
	for (size_t i = 0; i < count; i++)
		draft_read(&d, texts[i].file, texts[i].bytes, texts[i].len);
	r = judge(&d, ret_policy);
	errors_sort(ret_errors);
	draft_done(&d);
	return r;
}
