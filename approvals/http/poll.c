/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GET /v1/snapshot: at once when the bastion has another one than its ETag
 * says, else as soon as there is news, or 304 when the wait that it prefers
 * (RFC 7240) is over. A thread waits for it; the database does not.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "approvals/http/call.h"
#include "approvals/desk/journal.h"
#include "base/cleanup.h"
#include "base/moment.h"
#include "base/number.h"

#define WAIT_MAX_SEC 60

/* "wait=30"; anything else that may be preferred is let be. */
static int64_t wait_ms_of(const char *prefer)
{
	uint64_t sec = 0;

	if (strncmp(prefer, "wait=", 5) != 0 ||
		number_parse(prefer + 5, 0, 3600, &sec) < 0)
		return 0;
	return (int64_t)(sec > WAIT_MAX_SEC ? WAIT_MAX_SEC : sec) * 1000;
}

static void etag_of(const struct snapshot_row *s, char *ret_etag, size_t size)
{
	snprintf(ret_etag, size, "\"%lld\"", (long long)s->serial);
}

static void reply_unchanged(struct call *c, const char *etag)
{
	char *nothing = strdup("");

	if (nothing)
		call_reply_bytes(c, 304, "application/jose", etag, nothing, 0);
}

static void reply_snapshot(struct call *c)
{
	_cleanup_snapshot_row_ struct snapshot_row s = {0};
	struct refusal why = {0};
	char etag[32];
	size_t len;
	int r = desk_snapshot(
		c->service, c->caller.holder.name, false, &s, &why);

	if (r < 0) {
		call_refuse(c, &why);
		return;
	}
	etag_of(&s, etag, sizeof(etag));
	len = strlen(s.jws);
	call_reply_bytes(
		c, 200, "application/jose", etag, TAKE_PTR(s.jws), len);
	journal_line(JOURNAL_INFO, "snapshot %lld, %zu bytes, for %s",
		(long long)s.serial, len, c->caller.holder.name);
}

/* How long nothing will change by itself: until it is to be signed anew. */
static int64_t until_renewal_ms(const struct snapshot_row *s)
{
	int64_t half = s->issued_at + (s->expires_at - s->issued_at) / 2;

	return half * 1000 - moment_wall_ms();
}

/*
 * 1: there is another one than `etag`; 0: not within the wait; -EPERM, -errno
 * as desk_snapshot(). The look comes before the reading, so that no change
 * falls between them.
 */
static int wait_for_news(struct call *c, struct refusal *ret_why)
{
	struct watch *w = &c->service->watch;
	int64_t end = moment_boot_ms() + wait_ms_of(c->prefer);
	struct watch_ticket ticket;
	char etag[32];
	int r = watch_look(w, c->caller.holder.name, &ticket);

	while (r == 0) {
		_cleanup_snapshot_row_ struct snapshot_row s = {0};
		int64_t wait = end - moment_boot_ms();

		r = desk_snapshot(
			c->service, c->caller.holder.name, true, &s, ret_why);
		if (r < 0)
			return r;
		etag_of(&s, etag, sizeof(etag));
		if (strcmp(etag, c->etag) != 0)
			return 1;
		if (wait <= 0)
			return 0;
		if (wait > until_renewal_ms(&s))
			wait = until_renewal_ms(&s);
		r = watch_wait(w, &ticket, wait > 0 ? wait : 1000);
		if (r == -ETIMEDOUT)
			r = 0;
	}
	return r == -ECANCELED ? 0 : r;
}

void call_snapshot(struct call *c)
{
	struct refusal why = {0};
	int r = c->etag[0] ? wait_for_news(c, &why) : 1;

	if (r < 0)
		call_refuse(c, &why);
	else if (r == 0)
		reply_unchanged(c, c->etag);
	else
		reply_snapshot(c);
}
