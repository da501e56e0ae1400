/* SPDX-License-Identifier: BSD-2-Clause */
/* Asking for a window, and looking at what was asked. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "approvals/desk/desk.h"
#include "approvals/desk/judge.h"
#include "approvals/desk/view.h"
#include "base/cleanup.h"
#include "base/number.h"
#include "json/strict.h"

#define PENDING_MAX  200 /* of one requester */
#define LIST_MAX     500
#define LIST_DEFAULT 100

/* Which bastion has all these targets? */
struct search {
	struct desk_tx *tx;
	const struct proposal *proposal;
	unsigned count;
	char bastion[NAME_SIZE];
};

static int look_into(void *arg, const struct bastion *b)
{
	struct search *s = arg;
	const struct policy *inventory;
	struct refusal ignored;
	int r;

	if (!b->enrolled || b->inventory_rev == 0)
		return 0;
	r = desk_inventory(s->tx, b->name, &inventory, &ignored);
	if (r < 0)
		return r == -EPERM ? 0 : r;
	if (!proposal_fits(s->proposal, inventory))
		return 0;
	s->count++;
	snprintf(s->bastion, NAME_SIZE, "%s", b->name);
	return 0;
}

static int find_bastion(
	struct desk_tx *tx, struct proposal *p, struct refusal *ret_why)
{
	struct search s = {.tx = tx, .proposal = p};
	int r;

	if (p->bastion[0])
		return 0;
	r = store_bastion_list(&tx->tx, look_into, &s);
	if (r < 0)
		return r;
	if (s.count == 0)
		return refuse(ret_why, REFUSAL_POLICY, "targets",
			"no bastion has %s%s", p->targets[0],
			p->target_count > 1 ? " and the other targets" : "");
	if (s.count > 1)
		return refuse(ret_why, REFUSAL_INVALID, "bastion",
			"%u bastions have these targets: say which", s.count);
	memcpy(p->bastion, s.bastion, NAME_SIZE);
	return 0;
}

static int count_one(void *arg, const struct visit *v)
{
	(void)v;
	return ++*(unsigned *)arg >= PENDING_MAX;
}

static int check_flood(
	struct desk_tx *tx, const char *requester, struct refusal *ret_why)
{
	const struct visit_filter filter = {
		.requester = requester,
		.state = VISIT_PENDING,
		.ends_after = tx->now,
	};
	unsigned count = 0;
	int r;

	r = store_visit_list(&tx->tx, &filter, count_one, &count);
	if (r > 0)
		return refuse(ret_why, REFUSAL_LIMIT, NULL,
			"%u requests of %s wait already", count, requester);
	return r;
}

static int judge_proposal(struct desk_tx *tx, struct proposal *p,
	unsigned *ret_needed, struct refusal *ret_why)
{
	const struct policy *inventory;
	int r;

	r = check_flood(tx, tx->caller->holder.name, ret_why);
	if (r == 0)
		r = find_bastion(tx, p, ret_why);
	if (r == 0)
		r = desk_inventory(tx, p->bastion, &inventory, ret_why);
	if (r == 0)
		r = supplier_check(tx, p->user, p->bastion, ret_why);
	if (r == 0)
		r = proposal_check(p, inventory, ret_needed, ret_why);
	return r;
}

int desk_visit_request(struct service *s, const struct caller *caller,
	const struct desk_input *in, json_t **ret_answer,
	struct refusal *ret_why)
{
	_cleanup_desk_tx_ struct desk_tx tx = {0};
	_cleanup_visit_ struct visit v = {0};
	_cleanup_json_ json_t *view = NULL;
	struct proposal p;
	unsigned needed = 0;
	int r;

	r = proposal_parse(in->body, service_now(), &p, ret_why);
	if (r == 0)
		r = desk_begin(s, caller, &tx);
	if (r == 0)
		r = judge_proposal(&tx, &p, &needed, ret_why);
	if (r == 0)
		r = visit_from_proposal(&p, &v);
	if (r < 0)
		return r;
	v.needed = needed;
	snprintf(v.requester, NAME_SIZE, "%s", caller->holder.name);
	r = store_visit_add(&tx.tx, &v, tx.now_ms);
	if (r == 0)
		r = view_visit(&tx, &v, &view);
	if (r == 0)
		r = desk_note(&tx, "request", v.id, json_incref(view));
	if (r == 0)
		r = desk_commit(&tx);
	if (r == 0)
		*ret_answer = TAKE_PTR(view);
	return r;
}

int desk_visit_get(struct service *s, const struct caller *caller,
	const struct desk_input *in, json_t **ret_answer,
	struct refusal *ret_why)
{
	_cleanup_desk_tx_ struct desk_tx tx = {0};
	_cleanup_visit_ struct visit v = {0};
	int r;

	r = desk_begin_read(s, caller, &tx);
	if (r == 0)
		r = store_visit_get(&tx.tx, in->id, &v);
	if (r == -ENOENT)
		return refuse(ret_why, REFUSAL_NOT_FOUND, NULL,
			"there is no request %s", in->id);
	return r < 0 ? r : view_visit(&tx, &v, ret_answer);
}

/* "expired" and "ended" are states of people: times, not rows. */
struct listing {
	struct desk_tx *tx;
	const char *state; /* NULL: all */
	size_t limit;
	json_t *list;
};

static int list_one(void *arg, const struct visit *v)
{
	struct listing *l = arg;
	json_t *view = NULL;
	int r;

	if (l->state &&
		strcmp(l->state, visit_state_shown(v->state, v->not_after,
					 l->tx->now)) != 0)
		return 0;
	r = view_visit(l->tx, v, &view);
	if (r < 0)
		return r;
	if (json_array_append_new(l->list, view) < 0)
		return -ENOMEM;
	return json_array_size(l->list) >= l->limit;
}

static int read_listing(const struct desk_input *in, struct visit_filter *f,
	struct listing *l, struct refusal *ret_why)
{
	uint64_t limit = LIST_DEFAULT;

	if (in->limit && number_parse(in->limit, 1, LIST_MAX, &limit) < 0)
		return refuse(ret_why, REFUSAL_INVALID, "limit",
			"a number from 1 to %d is wanted", LIST_MAX);
	if (in->after && !id_valid(in->after))
		return refuse(
			ret_why, REFUSAL_INVALID, "after", "that is no id");
	l->limit = (size_t)limit;
	l->state = in->state;
	f->after_id = in->after;
	if (!in->state)
		return 0;
	f->state = strcmp(in->state, "expired") == 0 ? VISIT_PENDING
		   : strcmp(in->state, "ended") == 0
			   ? VISIT_APPROVED
			   : visit_state_from_word(in->state);
	if (f->state == VISIT_NONE)
		return refuse(ret_why, REFUSAL_INVALID, "state",
			"one of pending, approved, denied, withdrawn, "
			"revoked, expired, ended is wanted");
	if (strcmp(in->state, "pending") == 0 ||
		strcmp(in->state, "approved") == 0)
		f->ends_after = l->tx->now;
	return 0;
}

int desk_visit_list(struct service *s, const struct caller *caller,
	const struct desk_input *in, json_t **ret_answer,
	struct refusal *ret_why)
{
	_cleanup_desk_tx_ struct desk_tx tx = {0};
	_cleanup_json_ json_t *list = json_array();
	struct listing l = {.tx = &tx, .list = list};
	struct visit_filter filter = {0};
	int r;

	if (!list)
		return -ENOMEM;
	r = desk_begin_read(s, caller, &tx);
	if (r == 0)
		r = read_listing(in, &filter, &l, ret_why);
	if (r == 0)
		r = store_visit_list(&tx.tx, &filter, list_one, &l);
	if (r < 0)
		return r;
	*ret_answer = json_pack("{s:O}", "requests", list);
	return *ret_answer ? 0 : -ENOMEM;
}
