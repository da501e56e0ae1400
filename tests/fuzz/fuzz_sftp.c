/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gate of files between a client, two targets and a broker that all say
 * what the input has them say. Whatever that is: no path that is not plain
 * goes to a target, nothing is changed there that the broker was not told of,
 * nobody is answered who did not ask, and memory stays bounded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "sftp/frame.h"
#include "sftp/gate.h"
#include "sftp/protocol.h"
#include "sftp/sum.h"

#define LINKS	    2
#define ASKED_MAX   4096
#define WAITING_MAX (8 << 20) /* in one queue */
#define NOT_OURS    1000000   /* no descriptor of this process */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct asked {
	uint32_t id;
	uint8_t type;
};

struct peer { /* what it was sent, and has not answered */
	struct asked asked[ASKED_MAX];
	size_t count;
	bool up;
};

static struct world {
	struct gate *gate;
	struct peer link[LINKS];
	uint32_t client_ids[ASKED_MAX];
	size_t client_count;
	uint8_t handles[8][SFTP_HANDLE_MAX]; /* that the client was given */
	size_t handle_len[8], handle_next;
	uint8_t told[FILE_ACTS]; /* accepted since the last frame */
	uint8_t mood;		 /* of the broker: bits */
	uint8_t held[8192]; /* of the client, not taken yet */
	size_t held_len;
	struct control question;
	size_t listed;
	unsigned opened;
	int64_t now_ms;
} w;

enum mood {
	MOOD_REFUSE_EVENT = 1,
	MOOD_REFUSE_OPEN = 2,
	MOOD_REFUSE_CHECK = 4,
	MOOD_CHECKED = 8,
	MOOD_PATTERN = 16,
	MOOD_SMALL = 32,
	MOOD_NO_UP = 64,
	MOOD_NO_DOWN = 128,
};

static void must(bool truth)
{
	if (!truth)
		abort();
}

/* --- the broker */

static int broker_send(void *context, const struct control *c, const int *fds)
{
	(void)context;
	(void)fds;
	w.question = *c;
	w.listed = 0;
	return 0;
}

static void say_terms(struct file_terms *t)
{
	t->directions = (uint8_t)((w.mood & MOOD_NO_UP ? 0 : FILE_UP) |
				  (w.mood & MOOD_NO_DOWN ? 0 : FILE_DOWN));
	t->checked = w.mood & MOOD_CHECKED;
	t->size_max = w.mood & MOOD_SMALL ? 100 : 1 << 20;
	t->spool_max = w.mood & MOOD_SMALL ? 50 : 1 << 20;
	t->count_max = w.mood & MOOD_SMALL ? 2 : 1000;
	if (w.mood & MOOD_PATTERN) {
		t->pattern_count = 1;
		snprintf(t->patterns[0], CONTROL_PATTERN_SIZE, "*.bin");
	}
}

static void refuse(struct control *a)
{
	a->kind = CONTROL_REFUSED;
	snprintf(a->text, sizeof(a->text), "no");
}

static void answer_open(struct control *a, int fds[2])
{
	if (w.mood & MOOD_REFUSE_OPEN || w.link[w.opened % LINKS].up) {
		refuse(a);
		return;
	}
	a->kind = CONTROL_OPENED;
	a->link = (uint8_t)(w.opened++ % LINKS);
	say_terms(&a->terms);
	fds[0] = fds[1] = NOT_OURS;
}

static int broker_receive(void *context, struct control *a, int fds[2])
{
	(void)context;
	memset(a, 0, sizeof(*a));
	a->kind = CONTROL_DONE;
	switch (w.question.kind) {
	case CONTROL_LIST:
		if (w.listed++ < LINKS) {
			a->kind = CONTROL_TARGET;
			snprintf(a->target, sizeof(a->target), "t%zu",
				w.listed);
		}
		break;
	case CONTROL_OPEN:
		answer_open(a, fds);
		break;
	case CONTROL_EVENT:
		must(w.question.event.act < FILE_ACTS);
		if (w.mood & MOOD_REFUSE_EVENT)
			refuse(a);
		else if (w.told[w.question.event.act] < UINT8_MAX)
			w.told[w.question.event.act]++;
		break;
	case CONTROL_CHECK:
		if (w.mood & MOOD_REFUSE_CHECK)
			refuse(a);
		break;
	default:
		break;
	}
	return 0;
}

static void attach(void *context, unsigned link, const int fds[2])
{
	(void)context;
	must(link < LINKS && !w.link[link].up && fds[0] == NOT_OURS);
	w.link[link] = (struct peer){.up = true};
}

static void detach(void *context, unsigned link)
{
	(void)context;
	must(link < LINKS);
	w.link[link].up = false;
}

/* --- what goes to a target */

static void path_is_plain(struct bytes path)
{
	must(path.len > 0 && path.data[0] == '/');
	must(!memchr(path.data, 0, path.len));
	must(!memmem(path.data, path.len, "//", 2));
	must(!memmem(path.data, path.len, "/../", 4));
	must(!memmem(path.data, path.len, "/./", 3));
	must(path.len < 3 || memcmp(path.data + path.len - 3, "/..", 3) != 0);
}

static void was_told(enum file_act act)
{
	must(w.told[act] > 0);
}

static void look_at_request(struct frame *f)
{
	struct bytes path;

	switch (f->type) {
	case FXP_OPEN:
		path_is_plain(frame_string(&f->rest));
		break;
	case FXP_LSTAT:
	case FXP_STAT:
	case FXP_OPENDIR:
	case FXP_REALPATH:
	case FXP_READLINK:
		path_is_plain(frame_string(&f->rest));
		break;
	case FXP_SETSTAT:
		path_is_plain(frame_string(&f->rest));
		break;
	case FXP_REMOVE:
		path_is_plain(frame_string(&f->rest));
		was_told(FILE_ACT_REMOVE);
		break;
	case FXP_MKDIR:
		path_is_plain(frame_string(&f->rest));
		was_told(FILE_ACT_MKDIR);
		break;
	case FXP_RMDIR:
		path_is_plain(frame_string(&f->rest));
		was_told(FILE_ACT_RMDIR);
		break;
	case FXP_RENAME:
		path_is_plain(frame_string(&f->rest));
		path_is_plain(frame_string(&f->rest));
		was_told(FILE_ACT_RENAME);
		break;
	case FXP_SYMLINK:
		path = frame_string(&f->rest);
		must(path.len > 0 && !memchr(path.data, 0, path.len));
		path_is_plain(frame_string(&f->rest));
		was_told(FILE_ACT_LINK);
		break;
	case FXP_WRITE:
		must(!(w.mood & MOOD_NO_UP) || w.opened > 0);
		break;
	default:
		break;
	}
	must(!f->rest.failed);
}

/* All that waits in a queue, in one piece. */
static size_t take_queue(struct outq *q, uint8_t **ret_bytes)
{
	size_t len = 0, total = q->total;
	uint8_t *bytes = malloc(total + 1);

	must(bytes && total <= WAITING_MAX);
	while (q->total > 0) {
		struct iovec v[16];
		size_t count = outq_iov(q, v, ARRAY_LEN(v)), sent = 0;

		must(count > 0);
		for (size_t i = 0; i < count; i++) {
			memcpy(bytes + len, v[i].iov_base, v[i].iov_len);
			len += v[i].iov_len;
			sent += v[i].iov_len;
		}
		outq_sent(q, sent);
	}
	must(len == total);
	*ret_bytes = bytes;
	return len;
}

static void drain_link(unsigned link)
{
	struct peer *p = &w.link[link];
	uint8_t *bytes;
	size_t len = take_queue(gate_link_queue(w.gate, link), &bytes);

	for (size_t at = 0; at < len;) {
		struct frame f = {0};
		ssize_t n = frame_next(bytes + at, len - at, &f);
		uint32_t id;

		must(n > 0);
		at += (size_t)n;
		id = frame_u32(&f.rest);
		if (p->count < ASKED_MAX)
			p->asked[p->count++] = (struct asked){id, f.type};
		if (f.type != FXP_INIT)
			look_at_request(&f);
	}
	free(bytes);
}

/* --- what goes to the client */

static void client_was_answered(uint32_t id)
{
	for (size_t i = 0; i < w.client_count; i++) {
		if (w.client_ids[i] != id)
			continue;
		w.client_ids[i] = w.client_ids[--w.client_count];
		return;
	}
	abort();
}

static void keep_handle(struct frame *f)
{
	struct bytes h = frame_string(&f->rest);
	size_t at = w.handle_next++ % ARRAY_LEN(w.handles);

	must(!f->rest.failed && h.len <= SFTP_HANDLE_MAX);
	memcpy(w.handles[at], h.data, h.len);
	w.handle_len[at] = h.len;
}

static void drain_client(void)
{
	uint8_t *bytes;
	size_t len = take_queue(gate_client_queue(w.gate), &bytes);

	for (size_t at = 0; at < len;) {
		struct frame f = {0};
		ssize_t n = frame_next(bytes + at, len - at, &f);

		must(n > 0);
		at += (size_t)n;
		if (f.type == FXP_VERSION)
			continue;
		client_was_answered(frame_u32(&f.rest));
		if (f.type == FXP_HANDLE)
			keep_handle(&f);
	}
	free(bytes);
}

static void drain(void)
{
	for (unsigned i = 0; i < LINKS; i++)
		drain_link(i);
	drain_client();
	memset(w.told, 0, sizeof(w.told));
}

/* --- what the input has them say */

/* Notes the ids of the frames that the gate has taken; of those before a
 * breach nobody says which they were. */
static void note_ids(const uint8_t *bytes, size_t len)
{
	for (size_t at = 0; at < len;) {
		struct frame f = {0};
		ssize_t n = frame_next(bytes + at, len - at, &f);

		if (n <= 0)
			return;
		at += (size_t)n;
		if (f.type != FXP_INIT && w.client_count < ASKED_MAX)
			w.client_ids[w.client_count++] = frame_u32(&f.rest);
	}
}

/* What the gate does not take now it is offered again. */
static bool offer(void)
{
	ssize_t n = gate_client(w.gate, w.held, w.held_len);

	note_ids(w.held, n < 0 ? w.held_len : (size_t)n);
	drain();
	if (n < 0)
		return false;
	w.held_len -= (size_t)n;
	memmove(w.held, w.held + n, w.held_len);
	return true;
}

static bool client_says(const uint8_t *bytes, size_t len)
{
	if (len > sizeof(w.held) - w.held_len)
		return true;
	memcpy(w.held + w.held_len, bytes, len);
	w.held_len += len;
	return offer();
}

/* One request, its length and id right; how & 1: of a handle it was given. */
static bool client_asks(uint8_t how, uint8_t type, const uint8_t *d, size_t len)
{
	static uint32_t id;
	static uint8_t bytes[SFTP_FRAME_MAX + 8];
	struct build b;

	if (type == FXP_INIT && w.client_count == 0 && how & 2)
		type = FXP_REALPATH;
	build_init(&b, bytes, sizeof(bytes));
	build_begin(&b, type, ++id);
	if (how & 1) {
		size_t at = (how >> 2) % ARRAY_LEN(w.handles);

		build_string(&b, w.handles[at], w.handle_len[at]);
	} else if (how & 4) {
		/* a path: most of what is asked is about one */
		size_t n = len > 0 ? d[0] % 24u : 0;

		n = n < len ? n : len;
		build_string(&b, d, n);
		d += n;
		len -= n;
		if (how & 8 && len > 0) {
			n = d[0] % 24u < len ? d[0] % 24u : len;
			build_string(&b, d, n);
			d += n;
			len -= n;
		}
	}
	build_raw(&b, d, len);
	build_end(&b, 0);
	return b.failed || client_says(bytes, b.len);
}

/* An answer to something that was asked; how & 1: to nothing. */
static bool target_says(
	unsigned link, uint8_t how, uint8_t type, const uint8_t *d, size_t len)
{
	static uint8_t bytes[SFTP_FRAME_MAX + 8];
	struct peer *p = &w.link[link];
	uint32_t id = 0;
	struct build b;

	if (!p->up)
		return true;
	if (!(how & 1) && p->count > 0) {
		size_t at = (how >> 1) % p->count;

		id = p->asked[at].id;
		if (p->asked[at].type == FXP_INIT)
			type = how & 128 ? type : FXP_VERSION;
		memmove(&p->asked[at], &p->asked[at + 1],
			(--p->count - at) * sizeof(p->asked[0]));
	}
	build_init(&b, bytes, sizeof(bytes));
	build_begin(&b, type, id);
	build_raw(&b, d, len);
	build_end(&b, 0);
	if (!b.failed && gate_link(w.gate, link, bytes, b.len) < 0)
		return false;
	drain();
	return true;
}

static bool over(unsigned link)
{
	struct control c = {.kind = CONTROL_OVER, .link = (uint8_t)link};
	bool fine;

	snprintf(c.text, sizeof(c.text), "the window is over");
	fine = gate_unasked(w.gate, &c) >= 0;
	drain();
	return fine;
}

static bool step(uint8_t what, const uint8_t *d, size_t len)
{
	uint8_t how = len > 0 ? d[0] : 0, type = len > 1 ? d[1] : 0;
	const uint8_t *rest = d + (len > 1 ? 2 : len);
	size_t left = len > 1 ? len - 2 : 0;

	switch (what % 8) {
	case 0:
	case 1:
	case 2:
		return client_asks(how, type, rest, left);
	case 3:
	case 4:
		return target_says(what / 8 % LINKS, how, type, rest, left);
	case 5:
		w.mood = how;
		return true;
	case 6:
		w.now_ms += how * 300;
		gate_clock(w.gate, w.now_ms);
		(void)gate_tick(w.gate);
		drain();
		return !gate_error(w.gate);
	default:
		if (how & 1)
			return over(how / 2 % LINKS);
		if (!(how & 2))
			return client_says(d, len);
		if (w.link[how / 4 % LINKS].up)
			gate_link_gone(w.gate, how / 4 % LINKS);
		drain();
		return true;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t init[] = {0, 0, 0, 5, FXP_INIT, 0, 0, 0, 3};
	const struct gate_ways ways = {.send = broker_send,
		.receive = broker_receive,
		.attach = attach,
		.detach = detach};
	size_t at = 0;

	memset(&w, 0, sizeof(w));
	must(sum_setup() == 0);
	w.gate = gate_new(&ways);
	must(w.gate != NULL);
	w.now_ms = 1000;
	gate_clock(w.gate, w.now_ms);
	(void)client_says(init, sizeof(init));
	while (at + 2 <= size) {
		size_t len = data[at + 1];

		len = len < size - at - 2 ? len : size - at - 2;
		if (!step(data[at], data + at + 2, len) || !offer())
			break;
		at += len + 2;
	}
	gate_end(w.gate);
	drain();
	gate_free(w.gate);
	return 0;
}
