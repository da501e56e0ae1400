/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seeds of one-time codes: opened with the bastion's own key, only those
 * that changed, into files that only root can enter.
 */
#ifndef JUMP_WORKERS_APPLY_SEEDS_H
#define JUMP_WORKERS_APPLY_SEEDS_H

#include "grants/compile.h"
#include "grants/seal.h"

#define SEEDS_DIR   "/run/jump/seeds"
#define SEEDS_INDEX "index" /* in it: which seal each seed came from */

struct seeds_places {
	int dir_fd;
	const char *key_dir; /* SEAL_KEY_DIR */
	uid_t owner;
};

/* Told of each user whose seal does not open; word is the fault's. */
typedef void seeds_tell(
	const struct snapshot_user *user, const char *word, void *context);

struct seeds_count {
	size_t opened, kept, failed, removed;
};

/*
 * Brings in what is new and changed, before a generation is published, and
 * takes away what those have whose seal no longer opens. Returns 0; or
 * -errno: the key can't be read (nobody new gets a seed) or a file can't be
 * written.
 */
int seeds_bring(const struct seeds_places *places, const struct compiled *c,
	seeds_tell *tell, void *context, struct seeds_count *ret_count);

/* Takes away seeds of those who are not (or no more) to have one. */
int seeds_clear(const struct seeds_places *places, const struct compiled *c,
	struct seeds_count *count);

#endif
