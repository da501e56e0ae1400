/* SPDX-License-Identifier: BSD-2-Clause */
/* Outstanding requests: a table with numbers that do not come again soon. */
#include "sftp/pending.h"

#include <stdlib.h>

#define SLOT_BITS 9
#define SLOT_MASK ((1u << SLOT_BITS) - 1)

_Static_assert(PENDING_MAX == 1u << SLOT_BITS, "a slot is part of the number");

void pendings_init(struct pendings *p)
{
	for (size_t i = 0; i < PENDING_MAX; i++)
		p->free[i] = (uint16_t)(PENDING_MAX - 1 - i);
	p->free_count = PENDING_MAX;
}

void pendings_done(struct pendings *p)
{
	for (size_t i = 0; i < PENDING_MAX; i++)
		free(p->slots[i].path);
}

static uint16_t slot_of(const struct pendings *p, const struct pending *one)
{
	return (uint16_t)(one - p->slots);
}

struct pending *pending_new(struct pendings *p, uint8_t kind, uint8_t link)
{
	struct pending *one;
	uint16_t slot;

	if (!p->free_count)
		return NULL;
	slot = p->free[--p->free_count];
	one = &p->slots[slot];
	*one = (struct pending){.kind = kind,
		.link = link,
		.number = one->number + 1};
	return one;
}

void pending_free(struct pendings *p, struct pending *one)
{
	free(one->path);
	one->path = NULL;
	one->kind = PENDING_NONE;
	p->free[p->free_count++] = slot_of(p, one);
}

uint32_t pending_id(const struct pendings *p, const struct pending *one)
{
	return one->number << SLOT_BITS | slot_of(p, one);
}

struct pending *pending_find(struct pendings *p, uint32_t id, uint8_t link)
{
	struct pending *one = &p->slots[id & SLOT_MASK];

	return one->kind != PENDING_NONE && one->link == link &&
			pending_id(p, one) == id
		? one
		: NULL;
}
