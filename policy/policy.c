/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a policy in memory, and how its parts are found by name.
 */
#include "policy/policy.h"

#include <stdlib.h>
#include <string.h>

void policy_done(struct policy *p)
{
	for (size_t i = 0; i < p->target_count; i++)
		free(p->targets[i].hostkeys);
	free(p->zones);
	free(p->targets);
	free(p->conduits);
	*p = (struct policy){0};
}

static int by_zone_name(const void *name, const void *zone)
{
	return strcmp(name, ((const struct zone *)zone)->name);
}

static int by_target_name(const void *name, const void *target)
{
	return strcmp(name, ((const struct target *)target)->name);
}

const struct zone *policy_zone(const struct policy *p, const char *name)
{
	if (p->zone_count == 0)
		return NULL;
	return bsearch(
		name, p->zones, p->zone_count, sizeof(*p->zones), by_zone_name);
}

const struct target *policy_target(const struct policy *p, const char *name)
{
	if (p->target_count == 0)
		return NULL;
	return bsearch(name, p->targets, p->target_count, sizeof(*p->targets),
		by_target_name);
}

bool pattern_valid(const char *pattern)
{
	char name[NAME_SIZE];
	size_t len = strnlen(pattern, NAME_SIZE);

	if (len >= NAME_SIZE)
		return false;
	memcpy(name, pattern, len + 1);
	if (len > 0 && name[len - 1] == '*')
		name[--len] = '\0';
	return len >= POLICY_PATTERN_PREFIX_MIN && name_valid(name);
}

bool pattern_matches(const char *pattern, const char *name)
{
	size_t len = strnlen(pattern, NAME_SIZE);

	/* Checked here again: a pattern may come from a compiled file. */
	if (!pattern_valid(pattern) || !name_valid(name))
		return false;
	if (pattern[len - 1] == '*')
		return strncmp(pattern, name, len - 1) == 0;
	return strcmp(pattern, name) == 0;
}

bool conduit_has_user(const struct conduit *c, const char *user)
{
	for (size_t i = 0; i < c->user_count && i < POLICY_PATTERNS_MAX; i++) {
		if (pattern_matches(c->users[i], user))
			return true;
	}
	return false;
}

bool conduit_has_zone(const struct conduit *c, const char *zone)
{
	for (size_t i = 0; i < c->zone_count && i < POLICY_PATTERNS_MAX; i++) {
		if (strncmp(c->zones[i], zone, NAME_SIZE) == 0)
			return true;
	}
	return false;
}

const struct conduit *policy_conduit_of_user(
	const struct policy *p, const char *user)
{
	for (size_t i = 0; i < p->conduit_count; i++) {
		if (conduit_has_user(&p->conduits[i], user))
			return &p->conduits[i];
	}
	return NULL;
}
