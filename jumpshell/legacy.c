/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/legacy.h"

static const char *check_hop(const struct legacy_request *q, const struct hop *h)
{
	char allowed[CRYPTO_TEXT_SIZE];
	struct event e = *q->like;
	bool over = q->now >= h->crypto_until;
	int r;

	if (!h->crypto)
		return NULL;
	e.id = EVENT_CONN_LEGACY;
	e.outcome = over ? OUTCOME_FAILURE : OUTCOME_SUCCESS;
	e.reason = over ? "crypto" : NULL;
	e.target = h->name;
	e.account = h->account;
	e.allowed = crypto_format(h->crypto, allowed);
	e.window_end = h->crypto_until;
	r = witness_emit(q->witness, &e);
	if (over)
		return "crypto";
	return r < 0 && !q->audit_optional ? "audit" : NULL;
}

const char *legacy_check(const struct legacy_request *q)
{
	const char *reason = NULL;

	for (size_t i = 0; i < q->route->count && !reason; i++)
		reason = check_hop(q, &q->route->hop[i]);
	return reason;
}
