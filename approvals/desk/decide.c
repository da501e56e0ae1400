/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deciding about a visit: look at it, ask the rules, make the move they say,
 * write it down. What was looked at is named by its version, so that nobody
 * approves what has changed since it was shown.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "approvals/desk/desk.h"
#include "approvals/desk/judge.h"
#include "approvals/desk/view.h"
#include "approvals/rules/text.h"
#include "base/cleanup.h"
#include "base/moment.h"
#include "json/strict.h"

#define REASON_MIN 3
#define REASON_MAX 500

/* What a decision's body may say. */
struct wish {
	int64_t version; /* 0: none was looked at */
	int64_t to;	 /* of an extension, 0: none */
	const char *reason;
};

struct deciding {
	struct desk_tx tx;
	struct visit visit, before;
	struct visit_facts facts;
	struct actor actor;
	struct wish wish;
	const char *what; /* for the log */
};

static void deciding_done(struct deciding *d)
{
	d->before = (struct visit){0}; /* borrowed from visit */
	visit_done(&d->visit);
	desk_tx_done(&d->tx);
}
#define _cleanup_deciding_ __attribute__((cleanup(deciding_done)))

static int read_reason(
	struct json_reader *r, bool required, const char **ret_reason)
{
	const char *text =
		required ? json_reader_text(r, "reason", REASON_MIN, REASON_MAX)
			 : json_reader_text_opt(
				   r, "reason", REASON_MIN, REASON_MAX);

	if (text && !text_plain(text))
		json_reader_fail(r, "reason",
			"has characters that do not show as what they are");
	*ret_reason = text ? text : "";
	return 0;
}

enum part { PART_VERSION = 1, PART_REASON = 2, PART_TO = 4 };

static int read_wish(const json_t *body, unsigned parts, struct wish *ret_wish,
	struct refusal *ret_why)
{
	struct wish w = {0};
	struct json_reader r;
	const char *text;

	json_reader_init(&r, body);
	if (parts & PART_VERSION)
		w.version = json_reader_int(&r, "version", 1, INT64_MAX);
	if (parts & PART_TO) {
		text = json_reader_text(
			&r, "not_after", 1, MOMENT_TEXT_SIZE - 1);
		if (text && moment_parse(text, &w.to) < 0)
			json_reader_fail(&r, "not_after",
				"is no time in UTC like "
				"2026-11-23T18:00:00Z");
	}
	read_reason(&r, (parts & PART_REASON) != 0, &w.reason);
	if (!json_reader_done(&r))
		return refuse_reader(ret_why, &r);
	*ret_wish = w;
	return 0;
}

static int count_approval(
	void *arg, const char *visit, const struct approval *a)
{
	struct deciding *d = arg;

	(void)visit;
	d->facts.approvals++;
	if (strcmp(a->person, d->actor.name) == 0)
		d->facts.approved_by_actor = true;
	return 0;
}

static int gather_facts(struct deciding *d)
{
	const struct visit *v = &d->visit;

	d->before = *v;
	d->actor = (struct actor){
		.name = d->tx.caller->holder.name,
		.roles = d->tx.caller->roles,
	};
	d->facts = (struct visit_facts){
		.state = v->state,
		.requester = v->requester,
		.user = v->supplier,
		.not_before = v->not_before,
		.not_after = v->not_after,
		.extend_to = v->extend_to,
		.extend_by = v->extend_by,
		.needed = v->needed,
	};
	return store_approval_list(
		&d->tx.tx, v->id, v->round, count_approval, d);
}

/* Opens the transaction, reads the visit, looks at the version. */
static int deciding_begin(struct service *s, const struct caller *caller,
	const char *id, struct deciding *d, struct refusal *ret_why)
{
	int r;

	r = desk_begin(s, caller, &d->tx);
	if (r == 0)
		r = store_visit_get(&d->tx.tx, id, &d->visit);
	if (r == -ENOENT)
		return refuse(ret_why, REFUSAL_NOT_FOUND, NULL,
			"there is no request %s", id);
	if (r == 0)
		r = gather_facts(d);
	if (r == 0 && d->wish.version && d->wish.version != d->visit.version)
		return refuse(ret_why, REFUSAL_CHANGED, "version",
			"it has changed since you looked: version %lld now, "
			"%s",
			(long long)d->visit.version,
			visit_state_shown(
				d->visit.state, d->visit.not_after, d->tx.now));
	return r;
}

/* How many approvers would it take today, with this end? */
static int judge_again(
	struct deciding *d, int64_t not_after, struct refusal *ret_why)
{
	unsigned needed = 0;
	int r;

	r = supplier_check(
		&d->tx, d->visit.supplier, d->visit.bastion, ret_why);
	if (r == 0)
		r = visit_judge(&d->tx, &d->visit, not_after, &needed, ret_why);
	if (r == 0)
		d->visit.needed = d->facts.needed = needed;
	return r;
}

static int set_text(char **text, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*text);
	*text = copy;
	return 0;
}

static void set_decided(struct deciding *d)
{
	d->visit.decided_at = d->tx.now;
	snprintf(d->visit.decided_by, NAME_SIZE, "%s", d->actor.name);
}

static void next_round(struct visit *v)
{
	v->round++;
	v->extend_to = 0;
	v->extend_by[0] = '\0';
}

/* What a move does to the row. */
static int apply(struct deciding *d, enum visit_move move)
{
	struct visit *v = &d->visit;

	switch (move) {
	case MOVE_COUNT:
	case MOVE_ASK_EXTENSION:
		return 0;
	case MOVE_OPEN:
	case MOVE_PROLONG:
		if (move == MOVE_PROLONG)
			v->not_after = v->extend_to;
		v->state = VISIT_APPROVED;
		v->open_round = v->round;
		next_round(v);
		set_decided(d);
		return 0;
	case MOVE_DENY_EXTENSION:
		next_round(v);
		return set_text(&v->extend_reason, d->wish.reason);
	case MOVE_DENY:
	case MOVE_WITHDRAW:
	case MOVE_REVOKE:
		v->state = move == MOVE_DENY	   ? VISIT_DENIED
			   : move == MOVE_WITHDRAW ? VISIT_WITHDRAWN
						   : VISIT_REVOKED;
		v->extend_to = 0;
		set_decided(d);
		return set_text(&v->reason, d->wish.reason);
	default:
		return -EINVAL;
	}
}

static json_t *summary(const struct visit *v)
{
	return json_pack("{s:s,s:o,s:I}", "state", visit_state_word(v->state),
		"not_after", view_time(v->not_after), "version",
		(json_int_t)v->version);
}

static int write_note(struct deciding *d, enum visit_move move)
{
	json_t *detail = json_pack("{s:o,s:o,s:s,s:i,s:i}", "before",
		summary(&d->before), "after", summary(&d->visit), "reason",
		d->wish.reason, "approvals",
		(int)(d->facts.approvals + (move == MOVE_COUNT ||
						   move == MOVE_OPEN ||
						   move == MOVE_PROLONG)),
		"needed", (int)d->facts.needed);

	if (detail && d->wish.to &&
		json_object_set_new(detail, "to", view_time(d->wish.to)) < 0) {
		json_decref(detail);
		detail = NULL;
	}
	return desk_note(&d->tx, d->what, d->visit.id, detail);
}

static bool concerns_bastion(enum visit_move move)
{
	return move == MOVE_OPEN || move == MOVE_PROLONG || move == MOVE_REVOKE;
}

static int deciding_end(struct deciding *d, enum visit_move move,
	json_t **ret_answer, struct refusal *ret_why)
{
	_cleanup_json_ json_t *view = NULL;
	int r;

	r = apply(d, move);
	if (r == 0)
		r = store_visit_move(&d->tx.tx, &d->visit, d->before.state);
	if (r == -ESTALE)
		return refuse(ret_why, REFUSAL_CHANGED, NULL,
			"it was decided by someone else this moment");
	if (r == 0)
		r = write_note(d, move);
	if (r == 0 && concerns_bastion(move))
		r = desk_touch(&d->tx, d->visit.bastion);
	if (r == 0)
		r = view_visit(&d->tx, &d->visit, &view);
	if (r == 0)
		r = desk_commit(&d->tx);
	if (r == 0)
		*ret_answer = TAKE_PTR(view);
	return r;
}

static int write_approval(struct deciding *d)
{
	const struct approval approval = {
		.person = d->actor.name,
		.source = d->tx.caller->source,
		.at = d->tx.now,
	};

	return store_approval_add(&d->tx.tx, &d->visit, &approval);
}

int desk_visit_approve(struct service *s, const struct caller *caller,
	const struct desk_input *in, json_t **ret_answer,
	struct refusal *ret_why)
{
	_cleanup_deciding_ struct deciding d = {.what = "approve"};
	enum visit_move move = MOVE_NONE;
	int r;

	r = read_wish(in->body, PART_VERSION, &d.wish, ret_why);
	if (r == 0)
		r = deciding_begin(s, caller, in->id, &d, ret_why);
	if (r == 0 && d.visit.state == VISIT_PENDING)
		r = judge_again(&d, d.visit.not_after, ret_why);
	else if (r == 0 && d.visit.extend_to)
		r = judge_again(&d, d.visit.extend_to, ret_why);
	if (r == 0)
		r = visit_approve(&d.facts, &d.actor, d.tx.now, &move, ret_why);
	if (r == 0)
		r = write_approval(&d);
	return r < 0 ? r : deciding_end(&d, move, ret_answer, ret_why);
}

int desk_visit_deny(struct service *s, const struct caller *caller,
	const struct desk_input *in, json_t **ret_answer,
	struct refusal *ret_why)
{
	_cleanup_deciding_ struct deciding d = {.what = "deny"};
	enum visit_move move = MOVE_NONE;
	int r;

	r = read_wish(in->body, PART_VERSION | PART_REASON, &d.wish, ret_why);
	if (r == 0)
		r = deciding_begin(s, caller, in->id, &d, ret_why);
	if (r == 0)
		r = visit_deny(&d.facts, &d.actor, d.tx.now, &move, ret_why);
	return r < 0 ? r : deciding_end(&d, move, ret_answer, ret_why);
}

/* Without a version: to end something must not fail because it moved. */
int desk_visit_revoke(struct service *s, const struct caller *caller,
	const struct desk_input *in, json_t **ret_answer,
	struct refusal *ret_why)
{
	_cleanup_deciding_ struct deciding d = {.what = "revoke"};
	enum visit_move move = MOVE_NONE;
	int r;

	r = read_wish(in->body, 0, &d.wish, ret_why);
	if (r == 0)
		r = deciding_begin(s, caller, in->id, &d, ret_why);
	if (r == 0)
		r = visit_revoke(&d.facts, &d.actor, d.tx.now, &move, ret_why);
	return r < 0 ? r : deciding_end(&d, move, ret_answer, ret_why);
}

static int set_extension(struct deciding *d)
{
	d->visit.extend_to = d->wish.to;
	snprintf(d->visit.extend_by, NAME_SIZE, "%s", d->actor.name);
	return set_text(&d->visit.extend_reason, d->wish.reason);
}

int desk_visit_extend(struct service *s, const struct caller *caller,
	const struct desk_input *in, json_t **ret_answer,
	struct refusal *ret_why)
{
	_cleanup_deciding_ struct deciding d = {.what = "extend"};
	enum visit_move move = MOVE_NONE;
	int r;

	r = read_wish(in->body, PART_VERSION | PART_TO, &d.wish, ret_why);
	if (r == 0)
		r = deciding_begin(s, caller, in->id, &d, ret_why);
	if (r == 0)
		r = proposal_check_times(
			d.visit.not_before, d.wish.to, d.tx.now, ret_why);
	if (r == 0 && d.visit.state == VISIT_APPROVED)
		r = judge_again(&d, d.wish.to, ret_why);
	if (r == 0)
		r = visit_extend(&d.facts, &d.actor, d.wish.to, d.tx.now, &move,
			ret_why);
	if (r == 0)
		r = set_extension(&d);
	if (r == 0 && move != MOVE_ASK_EXTENSION)
		r = write_approval(&d);
	return r < 0 ? r : deciding_end(&d, move, ret_answer, ret_why);
}
