/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inventories, parsed once an upload: each decision asks one, and the largest
 * take longer to parse than the decision takes to be durable.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "approvals/desk/service.h"
#include "approvals/rules/inventory.h"
#include "base/cleanup.h"
#include "json/strict.h"

struct entry {
	struct entry *next;
	char bastion[NAME_SIZE];
	int64_t rev;
	struct policy inventory;
};

struct inventories {
	struct entry *entries;
};

static struct entry *find(struct inventories *all, const char *bastion)
{
	struct entry *e = all->entries;

	while (e && strcmp(e->bastion, bastion) != 0)
		e = e->next;
	return e;
}

static struct entry *find_or_make(struct service *s, const char *bastion)
{
	struct entry *e;

	if (!s->inventories)
		s->inventories = calloc(1, sizeof(*s->inventories));
	if (!s->inventories)
		return NULL;
	e = find(s->inventories, bastion);
	if (e)
		return e;
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	snprintf(e->bastion, sizeof(e->bastion), "%s", bastion);
	e->next = s->inventories->entries;
	s->inventories->entries = e;
	return e;
}

static int load(struct desk_tx *tx, struct entry *e)
{
	_cleanup_bastion_ struct bastion b = {0};
	_cleanup_json_ json_t *json = NULL;
	struct refusal why = {0};
	int r;

	r = store_bastion_get(&tx->tx, e->bastion, &b);
	if (r < 0)
		return r;
	json = json_loads(b.inventory, JSON_REJECT_DUPLICATES, NULL);
	if (!json)
		return -EBADMSG; /* it was an inventory when it was kept */
	policy_done(&e->inventory);
	e->rev = 0;
	r = inventory_parse(json, &e->inventory, &why);
	if (r < 0)
		return r == -EPERM ? -EBADMSG : r;
	e->rev = b.inventory_rev;
	return 0;
}

int desk_inventory(struct desk_tx *tx, const char *bastion,
	const struct policy **ret_inventory, struct refusal *ret_why)
{
	_cleanup_bastion_ struct bastion head = {0};
	struct entry *e;
	int r;

	r = store_bastion_head(&tx->tx, bastion, &head);
	if (r == -ENOENT || (r == 0 && !head.enrolled))
		return refuse(ret_why, REFUSAL_NOT_FOUND, "bastion",
			"no bastion %s is enrolled here", bastion);
	if (r < 0)
		return r;
	if (head.inventory_rev == 0)
		return refuse(ret_why, REFUSAL_POLICY, "bastion",
			"%s has not reported its targets yet: jumpctl "
			"inventory push",
			bastion);
	e = find_or_make(tx->service, bastion);
	if (!e)
		return -ENOMEM;
	if (e->rev != head.inventory_rev) {
		r = load(tx, e);
		if (r < 0)
			return r;
	}
	*ret_inventory = &e->inventory;
	return 0;
}

void inventories_free(struct inventories *i)
{
	while (i && i->entries) {
		struct entry *e = i->entries;

		i->entries = e->next;
		policy_done(&e->inventory);
		free(e);
	}
	free(i);
}
