/* SPDX-License-Identifier: BSD-2-Clause */
/* One list, one thread that looks at it every second. */
#include "approvals/http/patience.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "base/moment.h"

#define LOOK_EVERY_MS 1000

static const int64_t limit_ms[PHASE_COUNT] = {
	[PHASE_HEAD] = 15000,
	[PHASE_BODY] = 20000,
	[PHASE_WORK] = INT64_MAX / 2,
	[PHASE_ANSWER] = 60000,
	[PHASE_IDLE] = 75000,
};

struct patience_entry {
	struct patience_entry *next, *prev;
	int fd;
	int64_t until_ms;
};

static void shut_the_late(struct patience *p)
{
	int64_t now = moment_boot_ms();

	(void)pthread_mutex_lock(&p->lock);
	for (struct patience_entry *e = p->entries; e; e = e->next)
		if (e->until_ms < now)
			(void)shutdown(e->fd, SHUT_RDWR);
	(void)pthread_mutex_unlock(&p->lock);
}

static void *look(void *arg)
{
	static const struct timespec pause = {.tv_sec = LOOK_EVERY_MS / 1000,
		.tv_nsec = LOOK_EVERY_MS % 1000 * 1000000L};
	struct patience *p = arg;

	while (__atomic_load_n(&p->running, __ATOMIC_ACQUIRE)) {
		(void)nanosleep(&pause, NULL);
		shut_the_late(p);
	}
	return NULL;
}

int patience_start(struct patience *p)
{
	int r;

	*p = (struct patience){.running = true};
	r = pthread_mutex_init(&p->lock, NULL);
	if (r == 0)
		r = pthread_create(&p->thread, NULL, look, p);
	return -r;
}

void patience_stop(struct patience *p)
{
	__atomic_store_n(&p->running, false, __ATOMIC_RELEASE);
	(void)pthread_join(p->thread, NULL);
	(void)pthread_mutex_destroy(&p->lock);
}

struct patience_entry *patience_enter(struct patience *p, int fd)
{
	struct patience_entry *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->fd = fd;
	e->until_ms = moment_boot_ms() + limit_ms[PHASE_HEAD];
	(void)pthread_mutex_lock(&p->lock);
	e->next = p->entries;
	if (e->next)
		e->next->prev = e;
	p->entries = e;
	(void)pthread_mutex_unlock(&p->lock);
	return e;
}

void patience_leave(struct patience *p, struct patience_entry *e)
{
	if (!e)
		return;
	(void)pthread_mutex_lock(&p->lock);
	if (e->next)
		e->next->prev = e->prev;
	if (e->prev)
		e->prev->next = e->next;
	else
		p->entries = e->next;
	(void)pthread_mutex_unlock(&p->lock);
	free(e);
}

void patience_phase(
	struct patience *p, struct patience_entry *e, enum phase phase)
{
	if (!e)
		return;
	(void)pthread_mutex_lock(&p->lock);
	e->until_ms = moment_boot_ms() + limit_ms[phase];
	(void)pthread_mutex_unlock(&p->lock);
}
