/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A message of the control socket as one packet: kind, link, target, text,
 * then the terms or the event where the kind has them. Numbers are
 * little-endian, texts have a length before them. What is read back must be
 * exactly what could have been written.
 */
#include "sftp/control.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/cursor.h"
#include "sftp/control_wire.h"

struct packet {
	uint8_t *at;
	uint8_t *end;
	bool failed;
};

static void put(struct packet *p, const void *data, size_t len)
{
	if (p->failed || (size_t)(p->end - p->at) < len) {
		p->failed = true;
		return;
	}
	memcpy(p->at, data, len);
	p->at += len;
}

static void put_number(struct packet *p, uint64_t value, size_t bytes)
{
	uint8_t le[8];

	for (size_t i = 0; i < sizeof(le); i++)
		le[i] = (uint8_t)(value >> (8 * i));
	put(p, le, bytes);
}

static void put_text(struct packet *p, const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	if (len == size)
		p->failed = true;
	put_number(p, len, 2);
	put(p, text, len);
}

static void put_terms(struct packet *p, const struct file_terms *t)
{
	put_number(p, t->directions, 1);
	put_number(p, t->checked, 1);
	put_number(p, t->size_max, 8);
	put_number(p, t->spool_max, 8);
	put_number(p, t->count_max, 4);
	put_number(p, t->pattern_count, 1);
	if (t->pattern_count > CONTROL_PATTERNS_MAX) {
		p->failed = true;
		return;
	}
	for (size_t i = 0; i < t->pattern_count; i++)
		put_text(p, t->patterns[i], sizeof(t->patterns[i]));
}

static void put_event(struct packet *p, const struct file_event *e)
{
	put_number(p, e->act, 1);
	put_number(p, e->direction, 1);
	put_number(p, e->done, 1);
	put_number(p, e->whole, 1);
	put_number(p, e->has_sum, 1);
	put_number(p, e->times, 4);
	put_number(p, e->size, 8);
	put(p, e->sum, sizeof(e->sum));
	put_text(p, e->name, sizeof(e->name));
	put_text(p, e->other, sizeof(e->other));
}

static bool has_event(uint8_t kind)
{
	return kind == CONTROL_EVENT || kind == CONTROL_CHECK;
}

ssize_t control_encode(
	const struct control *c, uint8_t *ret_packet, size_t size)
{
	struct packet p = {.at = ret_packet, .end = ret_packet + size};

	put_number(&p, c->kind, 1);
	put_number(&p, c->link, 1);
	put_text(&p, c->target, sizeof(c->target));
	put_text(&p, c->text, sizeof(c->text));
	if (c->kind == CONTROL_OPENED)
		put_terms(&p, &c->terms);
	if (has_event(c->kind))
		put_event(&p, &c->event);
	return p.failed ? -EMSGSIZE : p.at - ret_packet;
}

static bool take_bool(struct cursor *c)
{
	uint8_t value = cursor_u8(c);

	if (value > 1)
		c->failed = true;
	return value == 1;
}

static void take_text(struct cursor *c, char *ret_text, size_t size)
{
	size_t len = cursor_u16(c);
	const char *text = len < size ? cursor_bytes(c, len) : NULL;

	if (!text || memchr(text, 0, len)) {
		c->failed = true;
		return;
	}
	memcpy(ret_text, text, len);
	ret_text[len] = 0;
}

static void take_terms(struct cursor *c, struct file_terms *ret_terms)
{
	struct file_terms *t = ret_terms;

	t->directions = cursor_u8(c);
	t->checked = take_bool(c);
	t->size_max = cursor_u64(c);
	t->spool_max = cursor_u64(c);
	t->count_max = cursor_u32(c);
	t->pattern_count = cursor_u8(c);
	if (t->directions > (FILE_UP | FILE_DOWN) ||
		t->pattern_count > CONTROL_PATTERNS_MAX) {
		c->failed = true;
		return;
	}
	for (size_t i = 0; i < t->pattern_count; i++)
		take_text(c, t->patterns[i], sizeof(t->patterns[i]));
}

static void take_event(struct cursor *c, struct file_event *ret_event)
{
	struct file_event *e = ret_event;
	const void *sum;

	e->act = cursor_u8(c);
	e->direction = cursor_u8(c);
	e->done = take_bool(c);
	e->whole = take_bool(c);
	e->has_sum = take_bool(c);
	e->times = cursor_u32(c);
	e->size = cursor_u64(c);
	sum = cursor_bytes(c, sizeof(e->sum));
	if (sum)
		memcpy(e->sum, sum, sizeof(e->sum));
	take_text(c, e->name, sizeof(e->name));
	take_text(c, e->other, sizeof(e->other));
	if (e->act == FILE_ACT_NONE || e->act >= FILE_ACTS ||
		e->direction > FILE_DOWN)
		c->failed = true;
}

static bool link_fits(const struct control *c)
{
	if (c->link < CONTROL_LINKS_MAX)
		return true;
	return c->link == CONTROL_NO_LINK && c->kind == CONTROL_EVENT;
}

int control_decode(const void *packet, size_t len, struct control *ret_control)
{
	struct cursor c;

	cursor_init(&c, packet, len);
	memset(ret_control, 0, sizeof(*ret_control));
	ret_control->kind = cursor_u8(&c);
	ret_control->link = cursor_u8(&c);
	take_text(&c, ret_control->target, sizeof(ret_control->target));
	take_text(&c, ret_control->text, sizeof(ret_control->text));
	if (ret_control->target[0] && !name_valid(ret_control->target))
		c.failed = true;
	if (ret_control->kind == CONTROL_OPENED)
		take_terms(&c, &ret_control->terms);
	if (has_event(ret_control->kind))
		take_event(&c, &ret_control->event);
	if (ret_control->kind == CONTROL_NONE ||
		ret_control->kind >= CONTROL_KINDS || !link_fits(ret_control) ||
		!cursor_done(&c)) {
		memset(ret_control, 0, sizeof(*ret_control));
		return -EBADMSG;
	}
	return 0;
}

/* So many descriptors belong to a message of this kind. */
static size_t fds_of(uint8_t kind)
{
	return kind == CONTROL_OPENED ? 2 : kind == CONTROL_CHECK ? 1 : 0;
}

int control_send(int fd, const struct control *c, const int fds[2])
{
	uint8_t packet[CONTROL_PACKET_MAX];
	ssize_t len = control_encode(c, packet, sizeof(packet)), n;
	union {
		struct cmsghdr head;
		uint8_t space[CMSG_SPACE(2 * sizeof(int))];
	} extra = {0};
	struct iovec iov = {.iov_base = packet, .iov_len = (size_t)len};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	size_t count = 0;

	if (len < 0)
		return (int)len;
	while (fds && count < 2 && fds[count] >= 0)
		count++;
	if (count != fds_of(c->kind))
		return -EINVAL;
	if (count) {
		m.msg_control = &extra;
		m.msg_controllen = CMSG_SPACE(count * sizeof(int));
		extra.head.cmsg_level = SOL_SOCKET;
		extra.head.cmsg_type = SCM_RIGHTS;
		extra.head.cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(&extra.head), fds, count * sizeof(int));
	}
	do
		n = sendmsg(fd, &m, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == len ? 0 : n < 0 ? -errno : -EIO;
}

/* What came with a packet; more than two are not even received. */
static size_t take_fds(struct msghdr *m, int ret_fds[2])
{
	struct cmsghdr *h = CMSG_FIRSTHDR(m);
	size_t count;

	if (!h || h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
		return 0;
	count = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	if (count > 2)
		count = 2;
	memcpy(ret_fds, CMSG_DATA(h), count * sizeof(int));
	return count;
}

int control_receive(int fd, struct control *ret_control, int ret_fds[2])
{
	uint8_t packet[CONTROL_PACKET_MAX];
	union {
		struct cmsghdr head;
		uint8_t space[CMSG_SPACE(2 * sizeof(int))];
	} extra;
	struct iovec iov = {.iov_base = packet, .iov_len = sizeof(packet)};
	struct msghdr m = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &extra,
		.msg_controllen = sizeof(extra)};
	_cleanup_close_ int first = -1, second = -1;
	int fds[2] = {-1, -1};
	size_t count;
	ssize_t n;
	int r;

	do
		n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n == 0 || errno == ECONNRESET ? -EPIPE : -errno;
	count = take_fds(&m, fds);
	first = fds[0];
	second = fds[1];
	if (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return -EBADMSG;
	r = control_decode(packet, (size_t)n, ret_control);
	if (r < 0)
		return r;
	if (count != fds_of(ret_control->kind) || (count && !ret_fds))
		return -EBADMSG;
	if (ret_fds) {
		ret_fds[0] = TAKE_FD(first);
		ret_fds[1] = TAKE_FD(second);
	}
	return 0;
}
