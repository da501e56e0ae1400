/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/texts.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

void text_when(struct access *a, int64_t at_sec, char ret[TEXT_WHEN_SIZE])
{
	_cleanup_zoneinfo_ struct zoneinfo *zone = NULL;
	const char *name = a->info.settings.time_zone;

	if (name[0] && zoneinfo_load(name, &zone) < 0)
		zone = NULL;
	when_format(at_sec, access_now_ms(a) / 1000, name, zone, ret);
}

static const char *plural(long long n)
{
	return n == 1 ? "" : "s";
}

void text_left(struct access *a, int64_t until_sec, char ret[TEXT_LEFT_SIZE])
{
	long long left = until_sec - access_now_ms(a) / 1000;
	long long hours, minutes;

	if (left < 0)
		left = 0;
	if (left < 120) {
		snprintf(ret, TEXT_LEFT_SIZE, "%lld second%s", left,
			plural(left));
		return;
	}
	hours = left / 3600 % 1000000;
	minutes = left % 3600 / 60;
	if (hours == 0)
		snprintf(ret, TEXT_LEFT_SIZE, "%lld minutes", minutes);
	else if (minutes == 0)
		snprintf(ret, TEXT_LEFT_SIZE, "%lld hour%s", hours,
			plural(hours));
	else
		snprintf(ret, TEXT_LEFT_SIZE, "%lld hour%s %lld minute%s",
			hours, plural(hours), minutes, plural(minutes));
}

struct word_text {
	const char *word;
	const char *text;
};

static const char *look_up(
	const struct word_text *rows, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++) {
		if (word && strcmp(rows[i].word, word) == 0)
			return rows[i].text;
	}
	return NULL;
}

const char *text_end_reason(const char *word)
{
	static const struct word_text rows[] = {
		{"window", "the window is over"},
		{"revoked", "the window was taken back, or no longer has it"},
		{"recorder", "the recording broke off"},
		{"disk", "there is no room for recordings"},
		{"narrowed", "less may be moved there than before; open it "
			     "again"},
		{"error", "your rights could not be read"},
	};
	const char *text = look_up(rows, ARRAY_LEN(rows), word);

	return text ? text : "it was ended";
}

const char *text_refusal(const char *word)
{
	static const struct word_text rows[] = {
		{"clock", "The bastion does not trust its clock. Ask its "
			  "operator."},
		{"stale", "The bastion has not heard from the approvals "
			  "service for too long. Ask its operator."},
		{"audit", "The bastion can't write its audit log now. Ask its "
			  "operator."},
		{"disk", "The bastion has no room for recordings. Ask its "
			 "operator."},
		{"recorder", "The recording could not be started, and this "
			     "target must be recorded. Ask the operator."},
		{"certificate", "No certificate could be made for this "
				"target. Ask the operator of the bastion."},
		{"credential", "The bastion logs in to this target by a "
			       "password or key that it keeps; there is no "
			       "certificate for it."},
		{"crypto", "The policy allowed the old cryptography of this "
			   "target until a day that is over. Ask the operator "
			   "of the bastion."},
		{"via", "The policy does not say how this target is reached. "
			"Ask the operator of the bastion."},
		{"hostkey", "The policy pins no host key for this target. Ask "
			    "the operator of the bastion."},
		{"peer", "Your session could not be identified. Log in "
			 "again."},
		{"limit", "Too many connections at once. Close one."},
		{"window", "The window is over."},
		{"revoked", "The window was taken back."},
		{"unreachable", "The target does not answer."},
	};
	const char *text = look_up(rows, ARRAY_LEN(rows), word);

	for (int r = 1; !text && r < REASON_COUNT; r++) {
		if (word && strcmp(reason_word((enum reason)r), word) == 0)
			text = reason_sentence((enum reason)r);
	}
	return text ? text
		    : "It could not be done. Ask the operator of the "
		      "bastion.";
}

void text_denied(struct access *a, const char *what, const struct decision *d)
{
	char when[TEXT_WHEN_SIZE];

	fprintf(stderr, "%s%s%s%s\n", what ? what : "", what ? ": " : "",
		reason_sentence(d->reason),
		what ? " 'list' shows what is open." : "");
	if (d->next_open > 0) {
		text_when(a, d->next_open, when);
		fprintf(stderr, "Your next window opens %s.\n", when);
	}
}
