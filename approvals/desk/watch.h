/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who waits for news of which bastion. A change wakes the waiters of the
 * bastions it is about and nobody else; of several waiters of one bastion
 * only the latest goes on waiting, so that a client that hung up and came
 * back does not hold more than one thread.
 */
#ifndef JUMP_APPROVALS_DESK_WATCH_H
#define JUMP_APPROVALS_DESK_WATCH_H

#include <pthread.h>
#include <stdint.h>

struct watch_slot;
struct watch {
	pthread_mutex_t lock;
	struct watch_slot *slots; /* one a bastion, never removed */
	int stopping;
};

int watch_init(struct watch *w);
void watch_done(struct watch *w);

/* Begins a look: take it before reading the database, wait with it after,
 * so that no change between the two is missed. NULL: no memory. */
struct watch_ticket {
	struct watch_slot *slot;
	uint64_t seen, turn;
};
int watch_look(
	struct watch *w, const char *bastion, struct watch_ticket *ret_ticket);

/*
 * Waits until something changed since the look. Returns 0 then; -ETIMEDOUT
 * after wait_ms; -ECANCELED when a later waiter took over or the service
 * stops.
 */
int watch_wait(struct watch *w, struct watch_ticket *ticket, int64_t wait_ms);

/* Something of this bastion changed; NULL: of all. */
void watch_wake(struct watch *w, const char *bastion);

/* Nobody waits any longer. */
void watch_stop(struct watch *w);

#endif
