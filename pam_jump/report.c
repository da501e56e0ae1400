/* SPDX-License-Identifier: BSD-2-Clause */
/* Fills events; the sinks encode whatever stands in them. */
#include "pam_jump/report.h"

static const char *text_or_null(const char *text)
{
	return text[0] ? text : NULL;
}

static struct event event_of(
	const struct who *who, const struct access *a, enum event_id id)
{
	struct event e = {
		.id = id,
		.user = text_or_null(who->user),
		.session = text_or_null(who->session),
		.source = text_or_null(who->source_text),
		.source_port = who->source_port,
		.key = text_or_null(who->key_name),
	};

	if (!a)
		return e;
	e.uid = a->user.uid;
	if (a->decision.grant) {
		e.grant = text_or_null(a->decision.grant->id);
		e.ticket = text_or_null(a->decision.grant->ticket);
		e.window_start = a->decision.grant->not_before;
		e.window_end = a->decision.grant->not_after;
	}
	return e;
}

int report_factor(const struct who *who, const struct access *a,
	enum event_id id, enum refusal why)
{
	struct event e = event_of(who, a, id);

	e.outcome = OUTCOME_FAILURE;
	e.reason = refusal_word(why, REASON_UNSPECIFIED);
	return event_emit(&e);
}

int report_access(const struct who *who, const struct access *a, bool by_grace)
{
	struct event e = event_of(who, a, EVENT_ACCESS_CHECK);

	e.outcome = a->why == REFUSAL_NONE ? OUTCOME_SUCCESS : OUTCOME_FAILURE;
	e.reason = refusal_word(a->why, a->decision.reason);
	if (a->why == REFUSAL_NONE && by_grace)
		e.reason = "otp_grace";
	if (a->why == REFUSAL_DECISION)
		e.detail = reason_sentence(a->decision.reason);
	return event_emit(&e);
}

int report_session_start(const struct who *who, const struct access *a)
{
	struct event e = event_of(who, a, EVENT_SESSION_START);

	e.outcome = OUTCOME_SUCCESS;
	return event_emit(&e);
}

int report_session_refused(
	const struct who *who, const struct access *a, enum refusal why)
{
	struct event e = event_of(who, a, EVENT_SESSION_START);

	e.outcome = OUTCOME_FAILURE;
	e.reason = refusal_word(why, a->decision.reason);
	return event_emit(&e);
}

int report_session_end(
	const struct who *who, uint32_t uid, int64_t duration_ms)
{
	struct event e = event_of(who, NULL, EVENT_SESSION_END);

	e.outcome = OUTCOME_SUCCESS;
	e.reason = "closed";
	e.uid = uid;
	e.duration_ms = duration_ms;
	return event_emit(&e);
}
