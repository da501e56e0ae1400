/* SPDX-License-Identifier: BSD-2-Clause */
/* Two tables: refusals of ours, and statuses of HTTP. */
#include "approvals/http/problem.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

struct row {
	unsigned status;
	const char *type, *title, *help;
};

static const struct row refusals[REFUSAL_COUNT] = {
	[REFUSAL_INTERNAL] = {500, "internal", "The service failed",
		"Something broke on our side. The service's journal says "
		"what; nothing was changed."},
	[REFUSAL_MALFORMED] = {400, "malformed",
		"The body is not what this operation takes",
		"A member is missing, unknown, or of another type or length. "
		"The field says which."},
	[REFUSAL_INVALID] = {422, "invalid", "A value can't be that",
		"The request is well-formed, but one of its values can't be "
		"used. The detail says what would be right."},
	[REFUSAL_POLICY] = {422, "outside-policy",
		"The bastion's policy would not let that in",
		"What is asked for is outside of what the bastion reported "
		"of its zones, targets and conduits. Ask for less, or have "
		"the policy changed there."},
	[REFUSAL_FORBIDDEN] = {403, "forbidden", "You may not do that",
		"None of your roles may do this, or it belongs to someone "
		"else."},
	[REFUSAL_OWN_REQUEST] = {403, "own-request",
		"Nobody decides about what is theirs",
		"You asked for it, or it is for you. Another approver has to "
		"decide."},
	[REFUSAL_NOT_FOUND] = {404, "not-found", "There is no such thing",
		"Nothing of that name or id is known here."},
	[REFUSAL_EXISTS] = {409, "exists", "It is there already",
		"A name or key can be used once."},
	[REFUSAL_STATE] = {409, "state", "Not in this state",
		"It was decided, it is over, or it never waited for this."},
	[REFUSAL_CHANGED] = {409, "changed",
		"It is no longer what you looked at",
		"It changed after it was shown to you. Look again, then "
		"decide."},
	[REFUSAL_TOKEN] = {403, "token", "The enrolment token is not good",
		"A token can be used once, within its time, by the bastion "
		"it was made for."},
	[REFUSAL_LIMIT] = {429, "limit", "More than is kept here",
		"There are as many as there may be."},
};

static const struct row statuses[] = {
	{400, "bad-request", "The request is not proper HTTP",
		"Its head is read differently by different programs, so it is "
		"not read at all."},
	{403, "certificate", "A client certificate of this service is needed",
		"None was shown, it is not of this service's authority, or "
		"it was revoked or has expired."},
	{404, "no-such-address", "Nothing is at this address",
		"See the interface's description for what there is."},
	{405, "method", "This address takes another method",
		"The Allow header says which."},
	{411, "length-required", "The body's length is missing",
		"Bodies come with a Content-Length."},
	{413, "too-large", "The body is too large",
		"Bodies are limited, each operation's on its own."},
	{415, "media-type", "Bodies are JSON here",
		"Send Content-Type: application/json."},
	{417, "expectation", "That can't be expected", "Only 100-continue."},
	{431, "too-many-headers", "Too many headers",
		"A request of ours has a dozen."},
	{505, "version", "HTTP/1.1 is spoken here", "Nothing older."},
	{503, "busy", "Not now", "The service is ending, or too many wait."},
};

static void fill(struct problem *p, const struct row *row, const char *field,
	const char *detail)
{
	*p = (struct problem){
		.status = row->status, .type = row->type, .title = row->title};
	snprintf(p->field, sizeof(p->field), "%s", field);
	snprintf(p->detail, sizeof(p->detail), "%s", detail);
}

void problem_of_refusal(const struct refusal *why, struct problem *ret_problem)
{
	const struct row *row = &refusals[REFUSAL_INTERNAL];

	if (why->kind > REFUSAL_INTERNAL && why->kind < REFUSAL_COUNT)
		row = &refusals[why->kind];
	/* Of faults of ours, nobody is told more than that. */
	fill(ret_problem, row, row->status == 500 ? "" : why->field,
		row->status == 500 ? row->help : why->detail);
}

void problem_of_status(
	unsigned status, const char *detail, struct problem *ret_problem)
{
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		if (statuses[i].status != status)
			continue;
		fill(ret_problem, &statuses[i], "",
			detail ? detail : statuses[i].help);
		return;
	}
	fill(ret_problem, &refusals[REFUSAL_INTERNAL], "",
		refusals[REFUSAL_INTERNAL].help);
}

json_t *problem_json(const struct problem *p)
{
	json_t *json;
	char type[64];

	snprintf(type, sizeof(type), "/problems/%s", p->type);
	json = json_pack("{s:s,s:s,s:i,s:s}", "type", type, "title", p->title,
		"status", (int)p->status, "detail", p->detail);
	if (json && p->field[0] &&
		json_object_set_new(json, "field", json_string(p->field)) < 0) {
		json_decref(json);
		return NULL;
	}
	return json;
}

const char *problem_help(const char *type)
{
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
		if (strcmp(refusals[i].type, type) == 0)
			return refusals[i].help;
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
		if (strcmp(statuses[i].type, type) == 0)
			return statuses[i].help;
	return NULL;
}
