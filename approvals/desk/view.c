/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers, built with jansson; they are small. */
#include "approvals/desk/view.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/moment.h"
#include "json/strict.h"

json_t *view_words(const char *words)
{
	json_t *list = json_array();

	while (list && *words) {
		size_t len = strcspn(words, " ");

		if (json_array_append_new(list, json_stringn(words, len)) < 0) {
			json_decref(list);
			return NULL;
		}
		words += len;
		words += *words == ' ';
	}
	return list;
}

json_t *view_time(int64_t sec)
{
	char text[MOMENT_TEXT_SIZE];

	moment_format(sec, text);
	return json_string(text);
}

json_t *view_files(uint8_t files)
{
	static const char *const words[] = {"", "up", "down", "up down"};

	return view_words(words[files & (FILES_UP | FILES_DOWN)]);
}

const char *view_record(enum record record)
{
	return record == RECORD_NONE	   ? "none"
	       : record == RECORD_OPTIONAL ? "optional"
					   : "required";
}

static int add_approval(void *arg, const char *visit, const struct approval *a)
{
	json_t *one = json_pack("{s:s,s:o,s:s}", "person", a->person, "at",
		view_time(a->at), "from", a->source);

	(void)visit;
	return json_array_append_new(arg, one) < 0 ? -ENOMEM : 0;
}

static int view_approvals(
	struct desk_tx *tx, const char *visit, int64_t round, json_t **ret_list)
{
	json_t *list = json_array();
	int r = list ? 0 : -ENOMEM;

	if (r == 0 && round > 0)
		r = store_approval_list(
			&tx->tx, visit, round, add_approval, list);
	if (r < 0)
		json_decref(list);
	else
		*ret_list = list;
	return r;
}

static json_t *basics(const struct visit *v, int64_t now)
{
	return json_pack("{s:s,s:s,s:I,s:s,s:s,s:s,s:o,s:o,s:s,s:o,s:o,s:s,"
			 "s:s,s:s,s:o,s:o,s:o,s:i,s:s}",
		"id", v->id, "state",
		visit_state_shown(v->state, v->not_after, now), "version",
		(json_int_t)v->version, "bastion", v->bastion, "user",
		v->supplier, "requester", v->requester, "targets",
		view_words(v->targets), "protocols", view_words(v->protocols),
		"account", v->account, "not_before", view_time(v->not_before),
		"not_after", view_time(v->not_after), "purpose", v->purpose,
		"ticket", v->ticket, "record", view_record(v->record), "files",
		view_files(v->files), "sources", view_words(v->sources),
		"created_at", view_time(v->created_at), "needed",
		(int)v->needed, "reason", v->reason);
}

static int add_extension(
	struct desk_tx *tx, const struct visit *v, json_t *view)
{
	json_t *approvals = NULL, *extension;
	int r;

	r = view_approvals(tx, v->id, v->round, &approvals);
	if (r < 0)
		return r;
	extension = json_pack("{s:o,s:s,s:s,s:o}", "not_after",
		view_time(v->extend_to), "by", v->extend_by, "reason",
		v->extend_reason, "approvals", approvals);
	return json_object_set_new(view, "extension", extension) < 0 ? -ENOMEM
								     : 0;
}

int view_visit(struct desk_tx *tx, const struct visit *v, json_t **ret_view)
{
	_cleanup_json_ json_t *view = basics(v, tx->now);
	bool pending = v->state == VISIT_PENDING;
	json_t *approvals = NULL;
	int r;

	if (!view)
		return -ENOMEM;
	r = view_approvals(
		tx, v->id, pending ? v->round : v->open_round, &approvals);
	if (r < 0)
		return r;
	if (json_object_set_new(view, "approvals", approvals) < 0)
		return -ENOMEM;
	if (v->decided_at && (json_object_set_new(view, "decided_at",
				      view_time(v->decided_at)) < 0 ||
				     json_object_set_new(view, "decided_by",
					     json_string(v->decided_by)) < 0))
		return -ENOMEM;
	if (v->state == VISIT_APPROVED && v->extend_to)
		r = add_extension(tx, v, view);
	if (r == 0)
		*ret_view = TAKE_PTR(view);
	return r;
}
