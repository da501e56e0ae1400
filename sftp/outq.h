/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What waits to be written to one descriptor. Payloads are not copied at
 * first: they stay where they were read, until the queue is settled, which
 * has to happen before that buffer is touched again.
 */
#ifndef JUMP_SFTP_OUTQ_H
#define JUMP_SFTP_OUTQ_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define OUTQ_PARTS 64

struct outq_part {
	const uint8_t *foreign; /* NULL: of `held` */
	size_t offset, len;
};

struct outq {
	uint8_t *held, *spare;
	size_t held_len, held_size, spare_size;
	struct outq_part parts[OUTQ_PARTS];
	size_t first, count;
	size_t total; /* bytes that wait */
};

/* head is copied, body is not (until settled). Returns 0 or -ENOMEM. */
int outq_put(struct outq *q, const void *head, size_t head_len,
	const void *body, size_t body_len);

/* What is to be written next, at most `max` parts. */
size_t outq_iov(const struct outq *q, struct iovec *ret_iov, size_t max);

/* So many bytes of that are written. */
void outq_sent(struct outq *q, size_t len);

/* Copies what is still foreign. Returns 0 or -ENOMEM. */
int outq_settle(struct outq *q);

void outq_clear(struct outq *q);
void outq_done(struct outq *q);

#endif
