/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handles as the client knows them: a slot and a number that grows. What a
 * target calls it is the gate's secret. And requests that wait, with the
 * handle and the link that they keep in use.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sftp/inside.h"

#define SLOT_BITS 8
#define SLOT_MASK ((1u << SLOT_BITS) - 1)
#define CLIENT_BYTES 4

_Static_assert(HANDLES_MAX == 1u << SLOT_BITS, "a slot is part of the name");

static void use_link(struct gate *g, unsigned link, int by)
{
	if (link < CONTROL_LINKS_MAX)
		g->links[link].uses += (uint32_t)by;
}

struct handle *handle_new(struct gate *g, uint8_t kind, uint8_t link)
{
	for (size_t i = 0; i < HANDLES_MAX; i++) {
		struct handle *h = &g->handles[i];
		uint32_t number = h->number + 1;

		if (h->kind != HANDLE_FREE)
			continue;
		/* not all of it: the target's name for it has its length */
		memset(h, 0, offsetof(struct handle, remote));
		h->number = number & (UINT32_MAX >> SLOT_BITS) ? number : 1;
		h->kind = kind;
		h->link = link;
		h->end_at = UINT64_MAX;
		use_link(g, link, 1);
		return h;
	}
	return NULL;
}

/* A target may answer writes that are still in its queue: they lie in the
 * spool's map, which is about to go. */
static void let_go_of_map(struct gate *g, unsigned link)
{
	if (link >= CONTROL_LINKS_MAX || outq_settle(&g->links[link].out) == 0)
		return;
	outq_clear(&g->links[link].out);
	if (!g->error)
		g->error = -ENOMEM;
}

static void drop(struct gate *g, struct handle *h)
{
	for (int i = 0; i < 2; i++)
		if (h->has_sum[i])
			sum_done(&h->sums[i]);
	h->has_sum[0] = h->has_sum[1] = false;
	if (h->spool) {
		let_go_of_map(g, h->link);
		spool_free(h->spool);
		g->spools--;
		h->spool = NULL;
	}
	free(h->path);
	free(h->other);
	h->path = h->other = NULL;
	use_link(g, h->link, -1);
	h->link = CONTROL_NO_LINK;
}

void handle_free(struct gate *g, struct handle *h)
{
	drop(g, h);
	h->kind = HANDLE_FREE;
}

void handle_kill(struct gate *g, struct handle *h, const char *text)
{
	drop(g, h);
	h->kind = HANDLE_DEAD;
	h->path = strdup(text);
}

const char *handle_death(const struct handle *h)
{
	return h->path ? h->path : "the target of this file is gone";
}

uint32_t handle_ref(const struct gate *g, const struct handle *h)
{
	return h->number << SLOT_BITS | (uint32_t)(h - g->handles);
}

struct handle *handle_by_ref(struct gate *g, uint32_t ref)
{
	struct handle *h = &g->handles[ref & SLOT_MASK];

	return h->kind != HANDLE_FREE && handle_ref(g, h) == ref ? h : NULL;
}

struct handle *handle_of_client(struct gate *g, struct bytes name)
{
	struct handle *h;
	struct cursor c;

	if (name.len != CLIENT_BYTES)
		return NULL;
	cursor_init(&c, name.data, name.len);
	h = handle_by_ref(g, frame_u32(&c));
	return h && (h->kind == HANDLE_DEAD || h->state == STATE_OPEN) ? h
								       : NULL;
}

void send_handle(struct gate *g, uint32_t id, const struct handle *h)
{
	uint8_t head[HEAD_BYTES];
	struct build b;

	build_init(&b, head, sizeof(head));
	build_begin(&b, FXP_HANDLE, id);
	build_u32(&b, CLIENT_BYTES);
	build_u32(&b, handle_ref(g, h));
	send_client(g, &b, NULL, 0);
}

struct pending *pend(struct gate *g, uint8_t kind, unsigned link,
	uint32_t client_id, const struct handle *h)
{
	struct pending *p = pending_new(&g->pendings, kind, (uint8_t)link);

	/* PENDING_ROOM keeps more free than can be used: a mistake of ours */
	if (!p) {
		g->error = -ENOBUFS;
		p = &g->nobody;
		*p = (struct pending){.link = (uint8_t)link};
		return p;
	}
	p->client_id = client_id;
	p->handle = h ? handle_ref(g, h) : 0;
	use_link(g, link, 1);
	g->links[link].since_ms = g->now_ms;
	return p;
}

void unpend(struct gate *g, struct pending *p)
{
	use_link(g, p->link, -1);
	pending_free(&g->pendings, p);
}
