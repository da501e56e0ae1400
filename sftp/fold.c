/* SPDX-License-Identifier: BSD-2-Clause */
/* Many events of a kind as few. */
#include "sftp/fold.h"

#include <stdio.h>

static uint32_t take(struct fold *f, int64_t now_ms)
{
	uint32_t times = f->waiting;

	f->told_ms = now_ms;
	f->waiting = 0;
	return times;
}

bool fold_now(struct fold *f, int64_t now_ms, const char *name,
	const char *text, uint32_t *ret_times)
{
	bool now = !f->told_ms || now_ms - f->told_ms >= FOLD_EVERY_MS;

	if (f->waiting < UINT32_MAX)
		f->waiting++;
	if (now) {
		*ret_times = take(f, now_ms);
		return true;
	}
	snprintf(f->name, sizeof(f->name), "%s", name);
	snprintf(f->text, sizeof(f->text), "%s", text ? text : "");
	return false;
}

bool fold_due(struct fold *f, int64_t now_ms, uint32_t *ret_times)
{
	if (!f->waiting || now_ms - f->told_ms < FOLD_EVERY_MS)
		return false;
	*ret_times = take(f, now_ms);
	return true;
}

int64_t fold_when(const struct fold *f)
{
	return f->waiting ? f->told_ms + FOLD_EVERY_MS : -1;
}
