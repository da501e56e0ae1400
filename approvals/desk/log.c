/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking at oneself and at the decision log. */
#include <errno.h>
#include <string.h>

#include "approvals/desk/desk.h"
#include "approvals/desk/view.h"
#include "approvals/store/log.h"
#include "base/cleanup.h"
#include "base/number.h"
#include "json/strict.h"

#define LOG_DEFAULT 100
#define LOG_MAX	    1000

int desk_self(struct service *s, const struct caller *caller,
	const struct desk_input *in, json_t **ret_answer,
	struct refusal *ret_why)
{
	char roles[ROLE_TEXT_SIZE];

	(void)in, (void)ret_why;
	*ret_answer = json_pack("{s:s,s:o,s:s,s:s}", "name",
		caller->holder.name, "roles",
		view_words(
			role_set_format(caller->roles, roles, sizeof(roles))),
		"from", caller->source, "service", s->settings.issuer);
	return *ret_answer ? 0 : -ENOMEM;
}

static int list_entry(void *arg, const struct log_entry *e)
{
	json_t *one = json_pack("{s:I,s:o,s:s,s:s,s:s,s:s,s:o,s:s,s:s}", "seq",
		(json_int_t)e->seq, "at", view_time(e->at), "who", e->who,
		"from", e->source, "what", e->what, "object", e->object,
		"detail", json_loads(e->detail, 0, NULL), "prev", e->prev,
		"hash", e->hash);

	return json_array_append_new(arg, one) < 0 ? -ENOMEM : 0;
}

int desk_log_list(struct service *s, const struct caller *caller,
	const struct desk_input *in, json_t **ret_answer,
	struct refusal *ret_why)
{
	_cleanup_desk_tx_ struct desk_tx tx = {0};
	_cleanup_json_ json_t *list = json_array();
	uint64_t after = 0, limit = LOG_DEFAULT;
	int r;

	if (!list)
		return -ENOMEM;
	if (in->after && number_parse(in->after, 0, INT64_MAX, &after) < 0)
		return refuse(ret_why, REFUSAL_INVALID, "after",
			"a sequence number is wanted");
	if (in->limit && number_parse(in->limit, 1, LOG_MAX, &limit) < 0)
		return refuse(ret_why, REFUSAL_INVALID, "limit",
			"a number from 1 to %d is wanted", LOG_MAX);
	r = desk_begin_read(s, caller, &tx);
	if (r == 0)
		r = store_log_list(&tx.tx, (int64_t)after, (int64_t)limit,
			list_entry, list);
	if (r < 0)
		return r;
	*ret_answer = json_pack("{s:O}", "log", list);
	return *ret_answer ? 0 : -ENOMEM;
}
