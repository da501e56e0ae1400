/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What comes in is of a fixed small set, each packet judged by the handler
 * of its kind. After the sandbox is up nothing here opens anything.
 */
#include "workers/record/serve.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/moment.h"
#include "base/number.h"
#include "workers/record/request.h"

#define SYNC_EVERY_MS 1000
#define DISK_EVERY_MS 2000
#define DISK_GRACE_MS 5000
#define NOTE_MAX      512

static const char disk_notice[] =
	"!disk The bastion has no more room for recordings.";

struct state {
	struct serve *s;
	uint8_t *packet;
	size_t len; /* of the payload, after the kind */
	int64_t disk_looked_ms;
	int64_t disk_low_ms; /* 0: enough room */
	unsigned cols, rows;
};

static int ack(const struct state *t)
{
	if (send(t->s->sock, ".", 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1)
		return -EPIPE;
	return 0;
}

static int on_output(struct state *t)
{
	int r = recording_output(t->s->recording, t->packet + 1, t->len);

	return r < 0 ? r : ack(t);
}

static int on_resize(struct state *t)
{
	char text[24];
	int r = record_size_parse(
		(const char *)t->packet + 1, t->len, &t->cols, &t->rows);

	if (r < 0)
		return r;
	snprintf(text, sizeof(text), "%ux%u", t->cols, t->rows);
	return recording_event(t->s->recording, 'r', text);
}

/* Payload as text without a NUL; `ret` has room for NOTE_MAX and its NUL. */
static int payload_text(const struct state *t, char *ret)
{
	if (t->len == 0 || t->len > NOTE_MAX ||
		memchr(t->packet + 1, 0, t->len))
		return -EBADMSG;
	memcpy(ret, t->packet + 1, t->len);
	ret[t->len] = '\0';
	return 0;
}

static int on_marker(struct state *t)
{
	char text[NOTE_MAX + 1];
	int r = payload_text(t, text);

	return r < 0 ? r : recording_event(t->s->recording, 'm', text);
}

/* "SIZE SHA256": of a command's standard input. */
static int on_input_digest(struct state *t)
{
	char text[NOTE_MAX + 1], *blank;
	uint64_t size;
	int r = payload_text(t, text);

	if (r < 0)
		return r;
	blank = strchr(text, ' ');
	if (!blank || strlen(blank + 1) != 64 ||
		strspn(blank + 1, "0123456789abcdef") != 64)
		return -EBADMSG;
	*blank = '\0';
	if (number_parse(text, 0, UINT64_MAX, &size) < 0)
		return -EBADMSG;
	*blank = ' ';
	return recording_event(t->s->recording, 'h', text);
}

static int on_status(struct state *t)
{
	char text[NOTE_MAX + 1];
	uint64_t status;
	int r = payload_text(t, text);

	if (r < 0 || number_parse(text, 0, 511, &status) < 0)
		return -EBADMSG;
	r = recording_event(t->s->recording, 'x', text);
	if (r == 0)
		(void)ack(t);
	return r < 0 ? r : -ESHUTDOWN;
}

static const struct {
	char kind;
	int (*run)(struct state *t);
} handlers[] = {
	{'o', on_output},
	{'r', on_resize},
	{'m', on_marker},
	{'h', on_input_digest},
	{'x', on_status},
};

static int dispatch(struct state *t)
{
	for (size_t i = 0; i < ARRAY_LEN(handlers); i++) {
		if (handlers[i].kind == (char)t->packet[0])
			return handlers[i].run(t);
	}
	return -EBADMSG;
}

/* Takes packets while there are some, but not for ever: others wait too. */
static int take_packets(struct state *t)
{
	for (int i = 0; i < 32; i++) {
		ssize_t n = recv(t->s->sock, t->packet, CAST_CHUNK_MAX + 1,
			MSG_DONTWAIT | MSG_TRUNC);
		int r;

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n < 0)
			return -EPIPE;
		if (n == 0)
			return -EPIPE;
		if (n > CAST_CHUNK_MAX + 1)
			return -EBADMSG;
		t->len = (size_t)n - 1;
		r = dispatch(t);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Too little room: say so, then end, before it is all gone. */
static int watch_disk(struct state *t, int64_t now_ms)
{
	uint64_t free_mib;
	int r;

	if (now_ms - t->disk_looked_ms < DISK_EVERY_MS)
		return 0;
	t->disk_looked_ms = now_ms;
	r = recording_free_mib(t->s->recording, &free_mib);
	if (r < 0)
		return r;
	if (free_mib >= t->s->reserve_mib) {
		t->disk_low_ms = 0;
		return 0;
	}
	if (t->disk_low_ms == 0) {
		t->disk_low_ms = now_ms;
		(void)send(t->s->sock, disk_notice, sizeof(disk_notice) - 1,
			MSG_NOSIGNAL | MSG_DONTWAIT);
		return recording_event(t->s->recording, 'm', disk_notice + 1);
	}
	return now_ms - t->disk_low_ms >= DISK_GRACE_MS ? -ENOSPC : 0;
}

static int wait_ms(const struct state *t, int64_t now_ms)
{
	int64_t sync_ms = t->s->recording->synced_ms + SYNC_EVERY_MS - now_ms;

	if (!t->s->recording->dirty || sync_ms > DISK_EVERY_MS)
		return DISK_EVERY_MS;
	return sync_ms < 0 ? 0 : (int)sync_ms;
}

static int step(struct state *t)
{
	struct pollfd p[] = {
		{.fd = t->s->sock, .events = POLLIN},
		{.fd = t->s->signal, .events = POLLIN},
	};
	int64_t now_ms = moment_boot_ms();
	int r = 0;

	if (poll(p, ARRAY_LEN(p), wait_ms(t, now_ms)) < 0 && errno != EINTR)
		return -errno;
	if (p[1].revents)
		return -EINTR;
	if (p[0].revents)
		r = take_packets(t);
	now_ms = moment_boot_ms();
	if (r == 0 && t->s->recording->dirty &&
		now_ms - t->s->recording->synced_ms >= SYNC_EVERY_MS)
		r = recording_sync(t->s->recording);
	return r < 0 ? r : watch_disk(t, now_ms);
}

static const char *word(int error)
{
	switch (error) {
	case -ESHUTDOWN:
		return "closed";
	case -EPIPE:
		return "gone";
	case -ENOSPC:
	case -EDQUOT:
		return "disk";
	case -EINTR:
		return "stopped";
	case -EBADMSG:
		return "protocol";
	default:
		return "error";
	}
}

const char *serve(struct serve *s)
{
	static uint8_t packet[CAST_CHUNK_MAX + 1];
	struct state t = {.s = s, .packet = packet};
	int r;

	do {
		r = step(&t);
	} while (r == 0);
	return word(r);
}
