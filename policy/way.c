/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/way.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int way_find(
	const struct policy *p, const struct target *t, struct way *ret_way)
{
	const struct target *back[WAY_MAX];
	size_t n = 0;

	for (;;) {
		if (n == WAY_MAX)
			return -ELOOP;
		back[n++] = t;
		if (!t->via[0])
			break;
		t = policy_target(p, t->via);
		if (!t)
			return -ENOENT;
	}
	ret_way->count = n;
	for (size_t i = 0; i < n; i++)
		ret_way->hop[i] = back[n - 1 - i];
	return 0;
}

int way_place(const struct way *w, const char *name)
{
	for (size_t i = 0; i + 1 < w->count; i++) {
		if (strcmp(w->hop[i]->name, name) == 0)
			return (int)i;
	}
	return -ENOENT;
}

const char *way_account(const struct target *hop)
{
	return hop->account_count ? hop->accounts[0] : "";
}

const char *way_text(const struct way *w, char text[WAY_TEXT_SIZE])
{
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i + 1 < w->count; i++)
		len += (size_t)snprintf(text + len, WAY_TEXT_SIZE - len,
			"%s%s", i ? "," : "", w->hop[i]->name);
	return text;
}
