/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is being served: a table of the relay's processes, so that no supplier
 * can take all of them, and how often each uid knocks.
 */
#ifndef JUMP_WORKERS_RELAY_CROWD_H
#define JUMP_WORKERS_RELAY_CROWD_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/name.h"

#define CROWD_MAX     1024 /* processes at a time */
#define CROWD_UID_MAX 192  /* of one uid */
#define CROWD_UIDS    256  /* whose pace is remembered */
#define CROWD_BURST   128
#define CROWD_PER_SEC 64

struct crowd_member {
	pid_t pid;
	unsigned long long start; /* of an adopted one; 0: our own child */
	uint32_t uid;
	uint64_t session; /* cgroup id; 0: unknown */
	bool over;	  /* nothing flows any more, its end is being noted */
	/* for the count of what was refused; empty: unknown, or adopted */
	char user[NAME_SIZE], uuid[UUID_SIZE];
};

/*
 * How many there are, the one that is asked for included. Policy limits
 * connections: what is over takes no place of a uid or session. The
 * processes are ours to spare, and count until they are gone.
 */
struct crowd_count {
	size_t all, all_of_uid;	   /* processes */
	size_t of_uid, of_session; /* connections */
	pid_t listener;		   /* who counts */
};

struct crowd_pace {
	uint32_t uid;
	uint32_t tokens_milli;
	int64_t seen_ms;
};

struct crowd {
	size_t count;
	struct crowd_member member[CROWD_MAX];
	struct crowd_pace pace[CROWD_UIDS];
};

/* What the counts would be with one more of these. */
struct crowd_count crowd_with(
	const struct crowd *c, uint32_t uid, uint64_t session);

/* Has this one no place? A uid that takes many leaves some to others. */
bool crowd_full(const struct crowd_count *n);

/* False when the table is full. */
bool crowd_add(struct crowd *c, const struct crowd_member *m);

/* The connection of this process is over. False when there is no such pid. */
bool crowd_over(struct crowd *c, pid_t pid);

/*
 * For the process of a connection: says to whoever counts (by
 * CROWD_OVER_SIGNAL, whose sender's pid is the kernel's word) that it is
 * over. Lost when the listener is another one by now.
 */
#define CROWD_OVER_SIGNAL SIGRTMIN
void crowd_tell_over(const struct crowd_count *n);

/* Takes a member out. False when there is no such pid. */
bool crowd_remove(struct crowd *c, pid_t pid, struct crowd_member *ret_member);

/*
 * May this uid knock once more now? A token bucket a uid; the uid that was
 * quiet longest makes room for a new one.
 */
bool crowd_may_knock(struct crowd *c, uint32_t uid, int64_t now_ms);

#endif
