/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table of rows in no order, small enough to be walked. The last row is
 * everybody's who finds no other: its count is right, its name is nobody's.
 */
#include "audit/tally.h"

#include <string.h>

#define SEVERAL (TALLY_ROWS - 1)

static void set_text(char *to, size_t size, const char *text)
{
	size_t len = strnlen(text, size - 1);

	memcpy(to, text, len);
	to[len] = '\0';
}

static void set_known(char *to, size_t size, const char *text)
{
	if (text && text[0])
		set_text(to, size, text);
}

static bool is_over(const struct tally_row *row, int64_t now_ms)
{
	return now_ms - row->since_ms >= TALLY_SPAN_MS;
}

static bool is_of(const struct tally_row *row, uint32_t uid, const char *reason)
{
	return row->used && row->uid == uid &&
	       strncmp(row->reason, reason, sizeof(row->reason) - 1) == 0;
}

/* The row of these, or the one that it would be: `used` tells which. */
static size_t find(const struct tally *t, uint32_t uid, const char *reason)
{
	size_t free_row = SEVERAL;

	for (size_t i = SEVERAL; i-- > 0;) {
		if (is_of(&t->row[i], uid, reason))
			return i;
		if (!t->row[i].used)
			free_row = i;
	}
	return free_row;
}

bool tally_tells(
	const struct tally *t, uint32_t uid, const char *reason, int64_t now_ms)
{
	const struct tally_row *row = &t->row[find(t, uid, reason)];

	if (!row->used)
		return true;
	/* what is held is told before the next span begins */
	if (is_over(row, now_ms))
		return row->held == 0;
	return row->told < TALLY_FIRST;
}

static void begin(struct tally_row *row, bool several, uint32_t uid,
	const char *reason, int64_t now_ms)
{
	*row = (struct tally_row){.used = true, .since_ms = now_ms};
	row->uid = several ? 0 : uid;
	set_text(row->reason, sizeof(row->reason),
		several ? TALLY_SEVERAL : reason);
}

void tally_add(struct tally *t, const struct tally_who *who, const char *reason,
	bool told, int64_t now_ms)
{
	size_t at = find(t, who->uid, reason);
	struct tally_row *row = &t->row[at];

	if (!row->used || (is_over(row, now_ms) && row->held == 0))
		begin(row, at == SEVERAL, who->uid, reason, now_ms);
	row->told += told;
	row->held += !told;
	if (at == SEVERAL)
		return;
	set_known(row->user, sizeof(row->user), who->user);
	set_known(row->session, sizeof(row->session), who->session);
}

bool tally_take(
	struct tally *t, bool all, int64_t now_ms, struct tally_row *ret_row)
{
	for (size_t i = 0; i < TALLY_ROWS; i++) {
		struct tally_row *row = &t->row[i];

		if (!row->used || !(all || is_over(row, now_ms)))
			continue;
		if (row->held > 0) {
			*ret_row = *row;
			*row = (struct tally_row){0};
			return true;
		}
		if (is_over(row, now_ms))
			*row = (struct tally_row){0};
	}
	return false;
}

bool tally_holds(const struct tally *t)
{
	for (size_t i = 0; i < TALLY_ROWS; i++) {
		if (t->row[i].held > 0)
			return true;
	}
	return false;
}
