/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/watch/sightings.h"

#include <stdio.h>
#include <string.h>

void sightings_begin(struct sightings *s)
{
	for (size_t i = 0; i < s->count; i++)
		s->of[i].seen = false;
}

void sightings_end(struct sightings *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++) {
		if (s->of[i].seen)
			s->of[kept++] = s->of[i];
	}
	s->count = kept;
}

static struct sighting *sighting_of(
	struct sightings *s, const char *what, int64_t now_ms)
{
	struct sighting *one;

	for (size_t i = 0; i < s->count; i++) {
		if (strcmp(s->of[i].what, what) == 0)
			return &s->of[i];
	}
	if (s->count == SIGHTINGS_MAX || strlen(what) >= SIGHTING_WHAT_SIZE)
		return NULL;
	one = &s->of[s->count++];
	snprintf(one->what, sizeof(one->what), "%s", what);
	one->since_ms = now_ms;
	return one;
}

int64_t sighting_due(struct sightings *s, const char *what, int64_t now_ms)
{
	struct sighting *one = sighting_of(s, what, now_ms);

	if (!one) /* full: its turn comes when others are done with */
		return now_ms + SIGHTING_WAIT_MS;
	one->seen = true;
	return now_ms - one->since_ms >= SIGHTING_WAIT_MS
		       ? 0
		       : one->since_ms + SIGHTING_WAIT_MS;
}
