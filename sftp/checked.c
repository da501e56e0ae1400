/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Uploads that are checked before they are released. The client writes into
 * memory of the gate; at its CLOSE the whole file is shown to the broker,
 * and only when that says yes does the target hear of it at all.
 */
#include <errno.h>
#include <string.h>

#include "sftp/inside.h"

#define RELEASE_WINDOW 8 /* writes on their way */

bool checked_begin(struct gate *g, struct handle *h)
{
	if (g->spools >= SPOOLS_MAX) {
		(void)why(g, "%s: %d files are being checked already: send "
			     "them one after the other",
			g->links[h->link].target, SPOOLS_MAX);
		return false;
	}
	h->spool = spool_new();
	if (!h->spool) {
		(void)why(g, "no memory for a file that is to be checked");
		return false;
	}
	g->spools++;
	if (!transfer_begin(g, h))
		return false;
	h->state = STATE_OPEN;
	send_handle(g, h->client_id, h);
	return true;
}

void checked_write(struct gate *g, struct handle *h, uint32_t id,
	uint64_t offset, struct bytes data)
{
	int r = spool_write(h->spool, offset, data.data, data.len);

	if (r == 0) {
		h->moved[0] += data.len;
		send_status(g, id, FX_OK, "kept until it is checked");
		return;
	}
	h->failed = true;
	if (r == -ERANGE)
		deny(g, h->link, id, h->path,
			"files are checked before they are released: they "
			"have to be sent in order, without holes");
	else
		send_status(g, id, FX_FAILURE,
			"no memory for a file that is to be checked");
}

void checked_fstat(struct gate *g, const struct handle *h, uint32_t id)
{
	struct attrs a = h->attrs;

	a.size = h->spool->size;
	a.mode = ATTRS_MODE_FILE |
		(a.flags & ATTRS_MODE ? a.mode & 07777 : 0600);
	a.flags |= ATTRS_SIZE | ATTRS_MODE;
	send_attrs(g, id, &a);
}

void checked_fsetstat(struct gate *g, struct handle *h, uint32_t id,
	const struct attrs *a)
{
	attrs_merge(&h->attrs, a);
	h->set_flags |= a->flags;
	send_status(g, id, FX_OK, "kept until it is checked");
}

static void finish(
	struct gate *g, struct handle *h, uint32_t status, const char *text)
{
	char kept[CONTROL_TEXT_SIZE];

	memcpy(kept, g->why, sizeof(kept));
	if (text == g->why)
		text = kept;
	if (!transfer_end(g, h, status == FX_OK, text) && status == FX_OK) {
		status = FX_FAILURE;
		text = g->why;
	}
	send_status(g, h->client_id, status, text);
	handle_free(g, h);
}

void checked_close(struct gate *g, struct handle *h)
{
	h->state = STATE_RELEASING;
	if (h->failed) {
		finish(g, h, FX_FAILURE,
			"not all of it came: nothing was released");
		return;
	}
	if (spool_seal(h->spool) < 0) {
		finish(g, h, FX_FAILURE, "it could not be sealed");
		return;
	}
	if (!ask_check(g, h)) {
		finish(g, h, FX_PERMISSION_DENIED, g->why);
		return;
	}
	if (!g->links[h->link].over)
		open_release(g, h);
}

static void close_there(struct gate *g, struct handle *h)
{
	struct attrs set = h->attrs;

	set.flags &= h->set_flags;
	if (set.flags && !h->release_status)
		held_send(g, FXP_FSETSTAT,
			pend(g, PENDING_RELEASE_SET, h->link, 0, h), h, &set);
	held_send(g, FXP_CLOSE,
		pend(g, PENDING_RELEASE_CLOSE, h->link, 0, h), h, NULL);
}

static void send_more(struct gate *g, struct handle *h)
{
	const struct spool *s = h->spool;
	uint32_t max = g->links[h->link].write_max;

	while (!h->release_status && h->sent < s->size &&
		h->inflight < RELEASE_WINDOW) {
		uint64_t left = s->size - h->sent;
		struct bytes data = {
			s->map + h->sent, left < max ? left : max};

		held_send_write(g,
			pend(g, PENDING_RELEASE_WRITE, h->link, 0, h), h,
			h->sent, data);
		h->sent += data.len;
		h->inflight++;
	}
	if (!h->inflight)
		close_there(g, h);
}

static void opened_there(
	struct gate *g, struct handle *h, uint32_t status, struct bytes remote)
{
	if (status != FX_OK) {
		finish(g, h, status, "the target does not let it be made");
		return;
	}
	memcpy(h->remote, remote.data, remote.len);
	h->remote_len = (uint16_t)remote.len;
	h->sent = 0;
	send_more(g, h);
}

void checked_reply(struct gate *g, struct handle *h, uint8_t kind,
	uint32_t status, struct bytes remote)
{
	if (kind == PENDING_RELEASE_OPEN) {
		opened_there(g, h, status, remote);
		return;
	}
	if (!h->release_status)
		h->release_status = status;
	if (kind == PENDING_RELEASE_WRITE) {
		h->inflight--;
		send_more(g, h);
	} else if (kind == PENDING_RELEASE_CLOSE) {
		status = h->release_status;
		finish(g, h, status,
			status == FX_OK ? "checked and released"
					: "the target did not take all of it");
	}
}
