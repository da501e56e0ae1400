/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a target answers: to something that was asked, of a type that fits,
 * no more than was asked for, to its last byte. Anything else ends its link.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sftp/inside.h"
#include "sftp/names.h"

#define TEXT_MAX 200 /* of what a target says in a status */

struct reply {
	struct gate *g;
	struct pending *p;
	struct handle *h; /* NULL: none, or gone already */
	struct cursor in;
	uint8_t type;
	uint32_t status; /* of a STATUS */
	char text[TEXT_MAX + 1];
};

static void take_text(struct bytes text, char ret_text[TEXT_MAX + 1])
{
	size_t len = text.len < TEXT_MAX ? text.len : TEXT_MAX;

	place_clean(text.data, len, ret_text);
	ret_text[len] = 0;
}

static bool take_status(struct reply *x)
{
	struct bytes text = {0};

	x->status = frame_u32(&x->in);
	/* some say no more than the number */
	if (cursor_left(&x->in)) {
		text = frame_string(&x->in);
		(void)frame_string(&x->in);
	}
	take_text(text, x->text);
	if (x->status > FX_OP_UNSUPPORTED)
		x->status = FX_FAILURE;
	return cursor_done(&x->in);
}

static bool is_refusal(const struct reply *x)
{
	return x->type == FXP_STATUS && x->status != FX_OK;
}

static bool pass_status(struct reply *x)
{
	send_status(x->g, x->p->client_id, x->status, x->text);
	return true;
}

static bool on_status(struct reply *x)
{
	return x->type == FXP_STATUS && pass_status(x);
}

static bool on_data(struct reply *x)
{
	struct bytes data = frame_string(&x->in);
	struct handle *h = x->h;
	uint64_t max = x->g->links[x->p->link].terms.size_max;
	uint8_t head[HEAD_BYTES];
	struct build b;

	if (!cursor_done(&x->in) || data.len > x->p->len)
		return false;
	if (data.len && (x->p->offset > max || data.len > max - x->p->offset)) {
		if (h)
			h->failed = true;
		deny(x->g, x->p->link, x->p->client_id, h ? h->path : "",
			why(x->g, "%s: files of up to %llu bytes are allowed "
				  "(FileSize)",
				x->g->links[x->p->link].target,
				(unsigned long long)max));
		return true;
	}
	if (h && h->has_sum[1]) {
		h->moved[1] += data.len;
		sum_feed(&h->sums[1], x->p->offset, data.data, data.len);
	}
	build_init(&b, head, sizeof(head));
	build_begin(&b, FXP_DATA, x->p->client_id);
	build_u32(&b, (uint32_t)data.len);
	send_client(x->g, &b, data.data, data.len);
	return true;
}

static bool on_read(struct reply *x)
{
	if (x->type == FXP_DATA) {
		if (x->h)
			x->h->inflight--;
		return on_data(x);
	}
	if (!is_refusal(x))
		return false;
	if (x->h) {
		x->h->inflight--;
		if (x->status != FX_EOF)
			x->h->failed = true;
		else if (x->p->offset < x->h->end_at)
			x->h->end_at = x->p->offset;
	}
	return pass_status(x);
}

static void count_write(struct reply *x, uint32_t status, uint32_t len)
{
	if (!x->h)
		return;
	x->h->inflight--;
	if (status == FX_OK)
		x->h->moved[0] += len;
	else
		x->h->failed = true;
}

static bool on_write(struct reply *x)
{
	if (x->type != FXP_STATUS)
		return false;
	count_write(x, x->status, x->p->len);
	return pass_status(x);
}

static bool on_part(struct reply *x)
{
	struct pending *group =
		pending_find(&x->g->pendings, x->p->group, x->p->link);

	if (x->type != FXP_STATUS || !group)
		return false;
	if (group->status == FX_OK)
		group->status = x->status;
	if (--group->parts)
		return true;
	count_write(x, group->status, group->len);
	send_status(x->g, group->client_id, group->status, x->text);
	unpend(x->g, group);
	return true;
}

static bool on_attrs(struct reply *x)
{
	struct attrs a;

	if (is_refusal(x))
		return pass_status(x);
	attrs_take(&x->in, &a);
	if (x->type != FXP_ATTRS || !cursor_done(&x->in))
		return false;
	send_attrs(x->g, x->p->client_id, &a);
	return true;
}

static bool on_look(struct reply *x)
{
	struct attrs a = {0};

	if (!is_refusal(x)) {
		attrs_take(&x->in, &a);
		if (x->type != FXP_ATTRS || !cursor_done(&x->in))
			return false;
		x->status = FX_OK;
	}
	if (x->h)
		open_looked(x->g, x->h, x->status, &a);
	return true;
}

static bool on_size(struct reply *x)
{
	struct attrs a = {0};

	if (!is_refusal(x)) {
		attrs_take(&x->in, &a);
		if (x->type != FXP_ATTRS || !cursor_done(&x->in))
			return false;
	}
	if (x->h && a.flags & ATTRS_SIZE) {
		x->h->has_size = true;
		x->h->final_size = a.size;
	}
	return true;
}

static bool on_names(struct reply *x)
{
	struct build b;

	if (is_refusal(x))
		return pass_status(x);
	if (x->type != FXP_NAME)
		return false;
	build_init(&b, x->g->scratch, SFTP_FRAME_MAX);
	build_begin(&b, FXP_NAME, x->p->client_id);
	if (names_rewrite(&x->in, &b) < 0)
		return false;
	send_client(x->g, &b, NULL, 0);
	return true;
}

/* One path: of a REALPATH, or what a link holds. */
static bool on_path(struct reply *x)
{
	const struct link *l = &x->g->links[x->p->link];
	char shown[PLACE_SHOWN_SIZE];
	uint8_t head[PATHS_BYTES];
	struct place link = {0};
	struct bytes name;
	struct build b;

	if (is_refusal(x))
		return pass_status(x);
	if (x->type != FXP_NAME || names_single(&x->in, &name) < 0)
		return false;
	if (x->p->path)
		snprintf(link.inner, sizeof(link.inner), "%s", x->p->path);
	if (place_shown(l->target, x->p->path ? &link : NULL, name, shown) <
		0) {
		send_status(x->g, x->p->client_id, FX_FAILURE,
			"the target named what can't be shown");
		return true;
	}
	build_init(&b, head, sizeof(head));
	build_begin(&b, FXP_NAME, x->p->client_id);
	build_u32(&b, 1);
	names_put_plain(&b, shown);
	send_client(x->g, &b, NULL, 0);
	return true;
}

static bool on_statvfs(struct reply *x)
{
	uint8_t head[HEAD_BYTES];
	struct build b;

	if (is_refusal(x))
		return pass_status(x);
	build_init(&b, head, sizeof(head));
	build_begin(&b, FXP_EXTENDED_REPLY, x->p->client_id);
	for (int i = 0; i < 11; i++)
		build_u64(&b, frame_u64(&x->in));
	if (x->type != FXP_EXTENDED_REPLY || !cursor_done(&x->in))
		return false;
	send_client(x->g, &b, NULL, 0);
	return true;
}

/* Empty: it was refused. False: neither. */
static bool take_remote(struct reply *x, struct bytes *ret_remote)
{
	*ret_remote = (struct bytes){0};
	if (is_refusal(x))
		return true;
	*ret_remote = frame_string(&x->in);
	return x->type == FXP_HANDLE && cursor_done(&x->in) &&
		ret_remote->len >= 1 && ret_remote->len <= SFTP_HANDLE_MAX;
}

static bool on_open(struct reply *x)
{
	struct handle *h = x->h;
	struct bytes remote;

	if (!take_remote(x, &remote))
		return false;
	if (!h)
		return true;
	if (!remote.len) {
		if (h->directions)
			(void)transfer_end(x->g, h, false, x->text);
		handle_free(x->g, h);
		return pass_status(x);
	}
	memcpy(h->remote, remote.data, remote.len);
	h->remote_len = (uint16_t)remote.len;
	h->state = STATE_OPEN;
	send_handle(x->g, x->p->client_id, h);
	return true;
}

static bool on_close(struct reply *x)
{
	struct handle *h = x->h;
	bool told = true;

	if (x->type != FXP_STATUS)
		return false;
	if (h) {
		if (h->directions)
			told = transfer_end(
				x->g, h, x->status == FX_OK, x->text);
		handle_free(x->g, h);
	}
	if (told)
		return pass_status(x);
	send_status(x->g, x->p->client_id, FX_FAILURE, x->g->why);
	return true;
}

static bool on_limits(struct reply *x)
{
	if (!is_refusal(x)) {
		link_limits(x->g, x->p->link, &x->in);
		return x->type == FXP_EXTENDED_REPLY && cursor_done(&x->in);
	}
	x->g->links[x->p->link].state = LINK_UP;
	return true;
}

static bool on_release(struct reply *x)
{
	struct bytes remote = {0};

	if (x->p->kind == PENDING_RELEASE_OPEN) {
		if (!take_remote(x, &remote))
			return false;
		if (remote.len)
			x->status = FX_OK;
	} else if (x->type != FXP_STATUS) {
		return false;
	}
	if (x->h)
		checked_reply(x->g, x->h, x->p->kind, x->status, remote);
	return true;
}

static bool (*const takers[])(struct reply *) = {
	[PENDING_STATUS] = on_status,
	[PENDING_READ] = on_read,
	[PENDING_WRITE] = on_write,
	[PENDING_READDIR] = on_names,
	[PENDING_ATTRS] = on_attrs,
	[PENDING_REALPATH] = on_path,
	[PENDING_READLINK] = on_path,
	[PENDING_STATVFS] = on_statvfs,
	[PENDING_PART] = on_part,
	[PENDING_LOOK] = on_look,
	[PENDING_OPEN] = on_open,
	[PENDING_OPENDIR] = on_open,
	[PENDING_SIZE] = on_size,
	[PENDING_CLOSE] = on_close,
	[PENDING_LIMITS] = on_limits,
	[PENDING_RELEASE_OPEN] = on_release,
	[PENDING_RELEASE_WRITE] = on_release,
	[PENDING_RELEASE_SET] = on_release,
	[PENDING_RELEASE_CLOSE] = on_release,
};

static bool take_answer(struct gate *g, unsigned link, struct frame *f)
{
	struct reply x = {.g = g, .type = f->type};
	uint32_t id = frame_u32(&f->rest);

	x.in = f->rest;
	x.p = pending_find(&g->pendings, id, (uint8_t)link);
	if (f->rest.failed || !x.p || x.p->kind == PENDING_GROUP)
		return false;
	x.h = handle_by_ref(g, x.p->handle);
	if (x.type == FXP_STATUS && !take_status(&x))
		return false;
	if (!takers[x.p->kind](&x))
		return false;
	unpend(g, x.p);
	return true;
}

bool reply_take(struct gate *g, unsigned link, struct frame *f)
{
	if (g->links[link].state == LINK_INIT) {
		if (f->type != FXP_VERSION)
			link_lost(g, link, "it does not speak SFTP");
		else
			link_version(g, link, &f->rest);
	} else if (!take_answer(g, link, f)) {
		link_lost(g, link, "it answered what was not asked");
	}
	return g->links[link].state != LINK_NONE;
}
