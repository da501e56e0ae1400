/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts of refusals. Names of targets are names of policy: [a-z0-9_-]. */
#include "pam_jump/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/when.h"
#include "base/zoneinfo.h"

static __attribute__((format(printf, 2, 3))) void add(
	char text[WORDS_SIZE], const char *format, ...)
{
	size_t len = strlen(text);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text + len, WORDS_SIZE - len, format, args);
	va_end(args);
}

struct names {
	size_t count;
	size_t more;
	const char *name[WORDS_TARGETS_MAX];
};

static void names_add(struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->name[i], name) == 0)
			return;
	}
	if (names->count == WORDS_TARGETS_MAX)
		names->more++;
	else
		names->name[names->count++] = name;
}

/* The targets of all windows that open at that moment. */
static void names_opening(
	const struct rights_view *view, int64_t at, struct names *names)
{
	for (size_t i = 0; i < view->grant_count; i++) {
		const struct grant *g = &view->grants[i];

		if (g->not_before != at || g->revoked)
			continue;
		for (size_t j = 0; j < g->target_count; j++)
			if (name_valid(g->targets[j]))
				names_add(names, g->targets[j]);
	}
}

static void make_next(const struct access *a, char text[WORDS_SIZE])
{
	const char *zone_name = a->settings->time_zone;
	_cleanup_zoneinfo_ struct zoneinfo *zone = NULL;
	struct names names = {0};
	char when[WHEN_SIZE];

	(void)zoneinfo_load(zone_name, &zone);
	when_format(a->decision.next_open, a->now, zone_name, zone, when);
	names_opening(&a->view, a->decision.next_open, &names);
	add(text, "Your next window opens %s", when);
	for (size_t i = 0; i < names.count; i++)
		add(text, ", %s", names.name[i]);
	if (names.more)
		add(text, " and %zu more", names.more);
	add(text, ".");
}

void words_make(const struct access *a, struct words *ret_words)
{
	memset(ret_words, 0, sizeof(*ret_words));
	add(ret_words->why, "%s",
		refusal_sentence(a->why, a->decision.reason));
	if (a->why == REFUSAL_DECISION && a->settings && a->decision.next_open)
		make_next(a, ret_words->next);
}
