/* SPDX-License-Identifier: BSD-2-Clause */
/* One lock over all slots: it is held for a comparison at a time. */
#include "approvals/desk/watch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/name.h"

struct watch_slot {
	struct watch_slot *next;
	char bastion[NAME_SIZE];
	uint64_t changes;
	uint64_t turn; /* of the latest waiter */
	pthread_cond_t news;
};

int watch_init(struct watch *w)
{
	*w = (struct watch){0};
	return -pthread_mutex_init(&w->lock, NULL);
}

void watch_done(struct watch *w)
{
	while (w->slots) {
		struct watch_slot *slot = w->slots;

		w->slots = slot->next;
		(void)pthread_cond_destroy(&slot->news);
		free(slot);
	}
	(void)pthread_mutex_destroy(&w->lock);
}

static struct watch_slot *slot_new(const char *bastion)
{
	struct watch_slot *slot = calloc(1, sizeof(*slot));
	pthread_condattr_t attr;

	if (!slot)
		return NULL;
	snprintf(slot->bastion, sizeof(slot->bastion), "%s", bastion);
	/* The wall clock may jump; waits may not. */
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&slot->news, &attr);
	(void)pthread_condattr_destroy(&attr);
	return slot;
}

static struct watch_slot *slot_of(struct watch *w, const char *bastion)
{
	struct watch_slot *slot = w->slots;

	while (slot && strcmp(slot->bastion, bastion) != 0)
		slot = slot->next;
	if (slot)
		return slot;
	slot = slot_new(bastion);
	if (!slot)
		return NULL;
	slot->next = w->slots;
	w->slots = slot;
	return slot;
}

int watch_look(
	struct watch *w, const char *bastion, struct watch_ticket *ret_ticket)
{
	struct watch_slot *slot;

	(void)pthread_mutex_lock(&w->lock);
	slot = slot_of(w, bastion);
	if (slot) {
		*ret_ticket = (struct watch_ticket){
			.slot = slot,
			.seen = slot->changes,
			.turn = ++slot->turn,
		};
		(void)pthread_cond_broadcast(&slot->news);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return slot ? 0 : -ENOMEM;
}

static struct timespec deadline_in(int64_t wait_ms)
{
	struct timespec at = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += wait_ms / 1000;
	at.tv_nsec += wait_ms % 1000 * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_nsec -= 1000000000;
		at.tv_sec++;
	}
	return at;
}

int watch_wait(struct watch *w, struct watch_ticket *t, int64_t wait_ms)
{
	struct timespec deadline = deadline_in(wait_ms < 0 ? 0 : wait_ms);
	int r = 0;

	(void)pthread_mutex_lock(&w->lock);
	while (r == 0 && t->slot->changes == t->seen) {
		if (w->stopping || t->slot->turn != t->turn)
			r = -ECANCELED;
		else
			r = -pthread_cond_timedwait(
				&t->slot->news, &w->lock, &deadline);
	}
	t->seen = t->slot->changes;
	(void)pthread_mutex_unlock(&w->lock);
	return r;
}

void watch_wake(struct watch *w, const char *bastion)
{
	(void)pthread_mutex_lock(&w->lock);
	for (struct watch_slot *s = w->slots; s; s = s->next) {
		if (bastion && strcmp(s->bastion, bastion) != 0)
			continue;
		s->changes++;
		(void)pthread_cond_broadcast(&s->news);
	}
	(void)pthread_mutex_unlock(&w->lock);
}

void watch_stop(struct watch *w)
{
	(void)pthread_mutex_lock(&w->lock);
	w->stopping = 1;
	for (struct watch_slot *s = w->slots; s; s = s->next)
		(void)pthread_cond_broadcast(&s->news);
	(void)pthread_mutex_unlock(&w->lock);
}
