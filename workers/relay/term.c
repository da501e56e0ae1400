/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/relay/term.h"

#include <string.h>

static int64_t end_of(
	const struct permit *permit, const struct moment_clock *clock)
{
	int64_t end_sec, end_ms, boot_ms;

	if (__builtin_add_overflow(
		    permit->until, (int64_t)permit->grace_sec, &end_sec) ||
		__builtin_mul_overflow(end_sec, (int64_t)1000, &end_ms) ||
		__builtin_sub_overflow(end_ms, clock->offset_ms, &boot_ms))
		return INT64_MIN; /* over before it began */
	return boot_ms;
}

struct term term_start(
	const struct permit *permit, const struct moment_clock *clock)
{
	return (struct term){
		.end_ms = permit->allow ? end_of(permit, clock) : INT64_MIN,
		.reason = "window",
		.grace_sec = permit->grace_sec,
	};
}

const char *term_reason(const char *refusal)
{
	if (strcmp(refusal, "late") == 0)
		return "window";
	if (strcmp(refusal, "error") == 0)
		return "error";
	return "revoked";
}

void term_renew(struct term *t, const struct permit *permit,
	const struct moment_clock *clock, int64_t now_ms)
{
	int64_t last_ms = now_ms + (int64_t)t->grace_sec * 1000;

	if (permit->allow) {
		*t = term_start(permit, clock);
		return;
	}
	if (last_ms >= t->end_ms)
		return;
	t->end_ms = last_ms;
	t->reason = term_reason(permit->reason);
}
