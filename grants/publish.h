/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Publishing what was compiled: a folder a generation, made whole before one
 * rename lets every gate see it at once.
 */
#ifndef JUMP_GRANTS_PUBLISH_H
#define JUMP_GRANTS_PUBLISH_H

#include "grants/compile.h"

struct publish {
	const char *dir;    /* RIGHTS_DIR; exists, 0755 */
	uid_t owner;	    /* who owns the files: root, tests: themselves */
	bool give;	    /* to groups and users; false: tests without root */
	gid_t gates_gid;    /* reads rights.db */
	uint32_t users_gid; /* of group jump-users, into users.db */
};

struct published {
	uint64_t generation;
	size_t files_written; /* users/UID that were new or changed */
	size_t files_kept;    /* linked from the generation before */
};

/* A generation that is written, and that nobody sees yet. */
struct publication;

/*
 * Writes the next generation beside the published one: the long part, before
 * anything of the old one is taken away. Returns 0 with a publication for
 * publication_free(); -EBUSY: another one is at it; another -errno. What an
 * earlier run left half made is removed by the next commit.
 */
int publish_prepare(const struct publish *how, const struct compiled *c,
	struct publication **ret_publication);

/* Its number and counts; borrowed. */
const struct published *publication_info(const struct publication *p);

/*
 * Lets `current` name it by one rename, then removes all generations but it
 * and the one before. Returns 0; or -errno, and then `current` names what it
 * named before. Source: rename(2), symlink(2); threats T-TORN, T-HALF.
 */
int publish_commit(struct publication *p);

/* Without a commit its folder is removed again. NULL is fine. */
void publication_free(struct publication *p);
static inline void cleanup_publication(struct publication **p)
{
	publication_free(*p);
}
#define _cleanup_publication_ __attribute__((cleanup(cleanup_publication)))

/* Prepare and commit in one. */
int publish_generation(const struct publish *how, const struct compiled *c,
	struct published *ret_published);

/* What `current` names: 0, when there is none. */
int publish_current(const char *dir, uint64_t *ret_generation);

#endif
