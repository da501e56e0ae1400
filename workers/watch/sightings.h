/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Since when has something looked wrong? A record without its process, or a
 * scope without its record, is often just the moment between two steps of
 * somebody else; it counts when it has looked so for a while.
 */
#ifndef JUMP_WORKERS_WATCH_SIGHTINGS_H
#define JUMP_WORKERS_WATCH_SIGHTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGHTINGS_MAX	   1024
#define SIGHTING_WHAT_SIZE 128
#define SIGHTING_WAIT_MS   1500

struct sightings {
	size_t count;
	struct sighting {
		char what[SIGHTING_WHAT_SIZE];
		int64_t since_ms; /* BOOTTIME */
		bool seen;
	} of[SIGHTINGS_MAX];
};

/* Starts a round; after it, what was not seen in it is forgotten. */
void sightings_begin(struct sightings *s);
void sightings_end(struct sightings *s);

/*
 * Sees it at now_ms. Returns 0 when it has looked so for SIGHTING_WAIT_MS,
 * else the BOOTTIME at which it will.
 */
int64_t sighting_due(struct sightings *s, const char *what, int64_t now_ms);

#endif
