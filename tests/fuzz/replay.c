/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replays a corpus over a fuzz target in the ordinary tests: each file of
 * tests/fuzz/corpus/X, where X is the program's name without "replay_", and
 * every prefix and single-byte flip of the small ones.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define FILE_MAX   (1 << 20)
#define MUTATE_MAX 2048

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A fresh exact-size copy each time, so that a sanitiser sees overreads. */
static void run_copy(const uint8_t *data, size_t size, size_t flip, uint8_t by)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		exit(99);
	memcpy(copy, data, size);
	if (flip < size)
		copy[flip] ^= by;
	(void)LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static size_t replay(const char *path)
{
	static uint8_t data[FILE_MAX];
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	size_t size, runs = 1;

	if (!f)
		return 0;
	size = fread(data, 1, sizeof(data), f);
	run_copy(data, size, size, 0);
	for (size_t i = 0; size <= MUTATE_MAX && i < size; i++, runs += 2) {
		run_copy(data, i, i, 0);
		run_copy(data, size, i, (uint8_t)(1u << (i % 8)));
	}
	return runs;
}

int main(int argc, char **argv)
{
	const char *root = getenv("JUMP_SRCDIR");
	const char *name = strstr(argv[0], "replay_");
	_cleanup_closedir_ DIR *dir = NULL;
	char folder[4096], path[8192];
	size_t files = 0, runs = 0;

	(void)argc;
	snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s",
		root ? root : ".", name ? name + strlen("replay_") : "");
	dir = opendir(folder);
	if (!dir) {
		fprintf(stderr, "no corpus at %s\n", folder);
		return 1;
	}
	for (struct dirent *e; (e = readdir(dir));) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		runs += replay(path);
		files++;
	}
	printf("%zu files, %zu runs\n", files, runs);
	return files ? 0 : 1;
}
