/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What many tests need: a folder of their own that goes with all that is in
 * it, and text put into the arrays of an object.
 */
#ifndef JUMP_TESTS_SCRATCH_H
#define JUMP_TESTS_SCRATCH_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Text that does not fit is a mistake of the test: it ends there. */
static inline void fill(char *to, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (len >= size) {
		fprintf(stderr, "no room for \"%s\"\n", text);
		abort();
	}
	memcpy(to, text, len + 1);
}
#define FILL(to, text) fill((to), sizeof(to), (text))

/* A new folder below TMPDIR. Returns 0, or -1 with errno. */
static inline int scratch_make(char *path, size_t size)
{
	const char *tmp = getenv("TMPDIR");
	int n = snprintf(path, size, "%s/jump-test-XXXXXX", tmp ? tmp : "/tmp");

	return n > 0 && (size_t)n < size && mkdtemp(path) ? 0 : -1;
}

static inline int scratch_drop_one(
	const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

/* The folder and all in it. Returns 0, or -1 with errno. */
static inline int scratch_drop(const char *path)
{
	return nftw(path, scratch_drop_one, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
