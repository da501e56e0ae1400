/* SPDX-License-Identifier: BSD-2-Clause */
/* A queue of bytes, some of them still in the buffer that they came in. */
#include "sftp/outq.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FOREIGN_MIN 2048 /* smaller ones are copied at once */
#define SIZE_FIRST  4096
#define WASTE_MAX   (1 << 20) /* of what is held and has been sent */

static int grow(uint8_t **buffer, size_t *size, size_t wanted)
{
	size_t bigger = *size ? *size : SIZE_FIRST;
	uint8_t *p;

	while (bigger < wanted)
		bigger *= 2;
	if (bigger == *size)
		return 0;
	p = realloc(*buffer, bigger);
	if (!p)
		return -ENOMEM;
	*buffer = p;
	*size = bigger;
	return 0;
}

static struct outq_part *last(struct outq *q)
{
	return q->count ? &q->parts[q->first + q->count - 1] : NULL;
}

static struct outq_part *another(struct outq *q)
{
	if (q->first + q->count == OUTQ_PARTS) {
		memmove(q->parts, q->parts + q->first,
			q->count * sizeof(q->parts[0]));
		q->first = 0;
	}
	return &q->parts[q->first + q->count++];
}

static int hold(struct outq *q, const void *data, size_t len)
{
	struct outq_part *p = last(q);

	if (!len)
		return 0;
	if (grow(&q->held, &q->held_size, q->held_len + len) < 0)
		return -ENOMEM;
	memcpy(q->held + q->held_len, data, len);
	if (!p || p->foreign || p->offset + p->len != q->held_len) {
		p = another(q);
		*p = (struct outq_part){.offset = q->held_len};
	}
	p->len += len;
	q->held_len += len;
	q->total += len;
	return 0;
}

int outq_put(struct outq *q, const void *head, size_t head_len,
	const void *body, size_t body_len)
{
	int r = hold(q, head, head_len);

	if (r < 0 || !body_len)
		return r;
	if (body_len < FOREIGN_MIN || q->count + 2 > OUTQ_PARTS)
		return hold(q, body, body_len);
	*another(q) = (struct outq_part){.foreign = body, .len = body_len};
	q->total += body_len;
	return 0;
}

size_t outq_iov(const struct outq *q, struct iovec *ret_iov, size_t max)
{
	size_t n = q->count < max ? q->count : max;

	for (size_t i = 0; i < n; i++) {
		const struct outq_part *p = &q->parts[q->first + i];
		const uint8_t *at = p->foreign ? p->foreign : q->held;

		ret_iov[i].iov_base = (void *)(uintptr_t)(at + p->offset);
		ret_iov[i].iov_len = p->len;
	}
	return n;
}

void outq_sent(struct outq *q, size_t len)
{
	q->total -= len;
	while (len) {
		struct outq_part *p = &q->parts[q->first];
		size_t n = len < p->len ? len : p->len;

		p->offset += n;
		p->len -= n;
		len -= n;
		if (!p->len) {
			q->first++;
			q->count--;
		}
	}
	if (!q->count)
		q->first = q->held_len = 0;
}

/* All in one piece, at the beginning. */
static int compact(struct outq *q)
{
	uint8_t *other = q->held;
	size_t at = 0, size = q->held_size;

	if (grow(&q->spare, &q->spare_size, q->total) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < q->count; i++) {
		const struct outq_part *p = &q->parts[q->first + i];

		memcpy(q->spare + at,
			(p->foreign ? p->foreign : q->held) + p->offset,
			p->len);
		at += p->len;
	}
	q->held = q->spare;
	q->held_size = q->spare_size;
	q->spare = other;
	q->spare_size = size;
	q->held_len = at;
	q->first = 0;
	q->count = 1;
	q->parts[0] = (struct outq_part){.len = at};
	return 0;
}

static int keep(struct outq *q, struct outq_part *p)
{
	if (grow(&q->held, &q->held_size, q->held_len + p->len) < 0)
		return -ENOMEM;
	memcpy(q->held + q->held_len, p->foreign + p->offset, p->len);
	p->foreign = NULL;
	p->offset = q->held_len;
	q->held_len += p->len;
	return 0;
}

int outq_settle(struct outq *q)
{
	int r = 0;

	if (q->count > OUTQ_PARTS / 2 || q->held_len > q->total + WASTE_MAX)
		return compact(q);
	for (size_t i = 0; r == 0 && i < q->count; i++) {
		struct outq_part *p = &q->parts[q->first + i];

		if (p->foreign)
			r = keep(q, p);
	}
	return r;
}

void outq_clear(struct outq *q)
{
	q->first = q->count = 0;
	q->held_len = q->total = 0;
}

void outq_done(struct outq *q)
{
	free(q->held);
	free(q->spare);
	*q = (struct outq){0};
}
