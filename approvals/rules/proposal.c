/* SPDX-License-Identifier: BSD-2-Clause */
/* From the body of a request to a proposal. Each member has one function. */
#include "approvals/rules/proposal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "approvals/rules/text.h"
#include "base/cleanup.h"
#include "base/moment.h"

static void take_name(struct json_reader *r, const char *field,
	const char *text, char ret_name[NAME_SIZE])
{
	if (!text)
		return;
	if (name_valid(text))
		memcpy(ret_name, text, strlen(text) + 1);
	else
		json_reader_fail(r, field,
			"is no name: a-z first, then a-z, 0-9, - and _, at "
			"most 31");
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void take_targets(struct json_reader *r, struct proposal *d)
{
	const json_t *list =
		json_reader_array(r, "targets", 1, PROPOSAL_TARGETS_MAX);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_reader_element(
			r, "targets", list, i, 1, NAME_MAX_LEN);

		take_name(r, "targets", text, d->targets[i]);
	}
	if (r->failed)
		return;
	d->target_count = json_array_size(list);
	qsort(d->targets, d->target_count, NAME_SIZE, by_name);
	for (size_t i = 1; i < d->target_count; i++)
		if (strcmp(d->targets[i - 1], d->targets[i]) == 0)
			json_reader_fail(r, "targets", "has one name twice");
}

static void take_protocols(struct json_reader *r, struct proposal *d)
{
	const json_t *list =
		json_reader_array(r, "protocols", 1, PROTO_WORDS_MAX);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_reader_element(
			r, "protocols", list, i, 1, PROTO_TEXT_SIZE - 1);
		struct offer s;
		int e;

		if (!text || proto_parse(text, &s) < 0)
			return json_reader_fail(r, "protocols",
				"has a word that is none of ssh, sftp, rdp, "
				"vnc, http, https, telnet, tcp/PORT");
		e = proto_set_add(&d->protocols, s.proto, s.port);
		if (e == -EEXIST)
			json_reader_fail(r, "protocols", "has one word twice");
		else if (e < 0)
			json_reader_fail(r, "protocols", "has too many ports");
	}
}

static int64_t take_time(struct json_reader *r, const char *field)
{
	const char *text = json_reader_text(r, field, 1, MOMENT_TEXT_SIZE - 1);
	int64_t sec = 0;

	if (text && moment_parse(text, &sec) < 0)
		json_reader_fail(r, field,
			"is no time in UTC like 2026-11-23T18:00:00Z");
	return sec;
}

static void take_purpose(struct json_reader *r, struct proposal *d)
{
	const char *text = json_reader_text(
		r, "purpose", PROPOSAL_PURPOSE_MIN, PROPOSAL_PURPOSE_SIZE - 1);

	if (!text)
		return;
	if (!text_plain(text) || text[0] == ' ')
		json_reader_fail(r, "purpose",
			"has characters that do not show as what they are");
	else
		memcpy(d->purpose, text, strlen(text) + 1);
}

static void take_ticket(struct json_reader *r, struct proposal *d)
{
	const char *text = json_reader_text_opt(r, "ticket", 0, ID_SIZE - 1);

	if (!text || !text[0])
		return;
	if (id_valid(text))
		memcpy(d->ticket, text, strlen(text) + 1);
	else
		json_reader_fail(
			r, "ticket", "is no id: letters, digits, . _ : - only");
}

static void take_record(struct json_reader *r, struct proposal *d)
{
	const char *text = json_reader_text_opt(r, "record", 1, 8);

	d->record = RECORD_NONE;
	if (!text || strcmp(text, "none") == 0)
		return;
	if (strcmp(text, "optional") == 0)
		d->record = RECORD_OPTIONAL;
	else if (strcmp(text, "required") == 0)
		d->record = RECORD_REQUIRED;
	else
		json_reader_fail(
			r, "record", "is none of required, optional, none");
}

static void take_files(struct json_reader *r, struct proposal *d)
{
	const json_t *list = json_reader_array_opt(r, "files", 0, 2);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text =
			json_reader_element(r, "files", list, i, 1, 4);

		if (text && strcmp(text, "up") == 0 && !(d->files & FILES_UP))
			d->files |= FILES_UP;
		else if (text && strcmp(text, "down") == 0 &&
			 !(d->files & FILES_DOWN))
			d->files |= FILES_DOWN;
		else
			json_reader_fail(r, "files",
				"takes \"up\" and \"down\", each once");
	}
}

static void take_sources(struct json_reader *r, struct proposal *d)
{
	const json_t *list =
		json_reader_array_opt(r, "sources", 0, GRANT_SOURCES_MAX);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text =
			json_reader_element(r, "sources", list, i, 1, 49);

		if (!text || network_parse(text, &d->sources[i]) < 0)
			json_reader_fail(r, "sources",
				"has one that is no network like "
				"192.0.2.0/24 or 2001:db8::/32");
	}
	d->source_count = r->failed ? 0 : json_array_size(list);
}

int proposal_check_times(int64_t not_before, int64_t not_after, int64_t now,
	struct refusal *ret_why)
{
	if (not_after <= now)
		return refuse(ret_why, REFUSAL_INVALID, "not_after",
			"the window would be over already");
	if (not_after <= not_before)
		return refuse(ret_why, REFUSAL_INVALID, "not_after",
			"the window would end before it begins");
	if (not_after - not_before < PROPOSAL_LENGTH_MIN_SEC)
		return refuse(ret_why, REFUSAL_INVALID, "not_after",
			"a window lasts at least %d s",
			PROPOSAL_LENGTH_MIN_SEC);
	if (not_after - now > PROPOSAL_AHEAD_MAX_SEC)
		return refuse(ret_why, REFUSAL_INVALID, "not_after",
			"more than a year ahead");
	return 0;
}

int proposal_parse(const json_t *body, int64_t now,
	struct proposal *ret_proposal, struct refusal *ret_why)
{
	struct proposal d = {0};
	struct json_reader r;
	int e;

	json_reader_init(&r, body);
	take_name(&r, "bastion",
		json_reader_text_opt(&r, "bastion", 1, NAME_MAX_LEN),
		d.bastion);
	take_name(&r, "user", json_reader_text(&r, "user", 1, NAME_MAX_LEN),
		d.user);
	take_targets(&r, &d);
	take_protocols(&r, &d);
	take_name(&r, "account",
		json_reader_text_opt(&r, "account", 1, NAME_MAX_LEN),
		d.account);
	d.not_before = take_time(&r, "not_before");
	d.not_after = take_time(&r, "not_after");
	take_purpose(&r, &d);
	take_ticket(&r, &d);
	take_record(&r, &d);
	take_files(&r, &d);
	take_sources(&r, &d);
	if (!json_reader_done(&r))
		return refuse_reader(ret_why, &r);
	if (d.not_before < now - PROPOSAL_PAST_MAX_SEC)
		return refuse(ret_why, REFUSAL_INVALID, "not_before",
			"the window would begin in the past");
	e = proposal_check_times(d.not_before, d.not_after, now, ret_why);
	if (e == 0)
		*ret_proposal = d;
	return e;
}
