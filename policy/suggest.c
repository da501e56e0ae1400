/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nearness of words: how many letters must be added, dropped, changed or
 * swapped with their neighbour (optimal string alignment), case aside.
 */
#include "policy/suggest.h"

#include <stddef.h>
#include <string.h>

#define WORD_MAX 40

static unsigned char lower(char c)
{
	unsigned char u = (unsigned char)c;

	return u >= 'A' && u <= 'Z' ? (unsigned char)(u + 32) : u;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Three rows of the usual table are alive at a time. */
static unsigned word_distance(const char *a, const char *b)
{
	unsigned rows[3][WORD_MAX + 1] = {{0}};
	size_t a_len = strnlen(a, WORD_MAX + 1);
	size_t b_len = strnlen(b, WORD_MAX + 1);

	if (a_len > WORD_MAX || b_len > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned *row = rows[i % 3];
		const unsigned *up = rows[(i + 2) % 3];
		const unsigned *up2 = rows[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned change = lower(a[i - 1]) != lower(b[j - 1]);

			row[j] = min3(
				up[j] + 1, row[j - 1] + 1, up[j - 1] + change);
			if (i > 1 && j > 1 &&
				lower(a[i - 1]) == lower(b[j - 2]) &&
				lower(a[i - 2]) == lower(b[j - 1]) &&
				up2[j - 2] + 1 < row[j])
				row[j] = up2[j - 2] + 1;
		}
	}
	return rows[a_len % 3][b_len];
}

void suggest_consider(struct suggest *s, const char *candidate)
{
	size_t len = strnlen(candidate, WORD_MAX);
	unsigned limit = len < 4 ? 1 : len < 8 ? 2 : 3;
	unsigned distance = word_distance(s->word, candidate);

	/* The beginning of a long word was probably cut short. */
	if (strlen(s->word) >= 3 &&
		strncmp(s->word, candidate, strlen(s->word)) == 0)
		distance = 1;
	if (distance > limit || (s->best && distance >= s->distance))
		return;
	s->best = candidate;
	s->distance = distance;
}
