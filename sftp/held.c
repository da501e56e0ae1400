/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests that name a handle: READ and WRITE above all. */
#include <string.h>

#include "sftp/inside.h"

struct held {
	struct request *q;
	struct handle *h;
};

void held_send(struct gate *g, uint8_t type, struct pending *p,
	const struct handle *h, const struct attrs *a)
{
	uint8_t head[HEAD_BYTES];
	struct build b;

	build_init(&b, head, sizeof(head));
	build_begin(&b, type, pending_id(&g->pendings, p));
	build_string(&b, h->remote, h->remote_len);
	if (a)
		attrs_put(&b, a);
	send_link(g, h->link, &b, NULL, 0);
}

/* Is it of this kind? Else the client is answered. */
static bool is_kind(struct gate *g, const struct held *x, uint8_t kind)
{
	if (x->h->kind == kind)
		return true;
	send_status(g, x->q->id, FX_FAILURE,
		x->h->kind == HANDLE_DEAD ? handle_death(x->h)
					  : "this is no handle for that");
	return false;
}

static void read_clamped(
	struct gate *g, struct held *x, uint64_t offset, uint32_t len)
{
	uint64_t max = g->links[x->h->link].terms.size_max;
	struct pending *p;
	uint8_t head[HEAD_BYTES];
	struct build b;

	if (len > SFTP_DATA_MAX)
		len = SFTP_DATA_MAX;
	/* one byte beyond tells a file that is too large from one that ends */
	if (offset >= max)
		len = len ? 1 : 0;
	else if (len > max - offset)
		len = (uint32_t)(max - offset);
	p = pend(g, PENDING_READ, x->h->link, x->q->id, x->h);
	p->offset = offset;
	p->len = len;
	x->h->inflight++;
	build_init(&b, head, sizeof(head));
	build_begin(&b, FXP_READ, pending_id(&g->pendings, p));
	build_string(&b, x->h->remote, x->h->remote_len);
	build_u64(&b, offset);
	build_u32(&b, len);
	send_link(g, x->h->link, &b, NULL, 0);
}

static enum step take_read(struct gate *g, struct held *x)
{
	uint64_t offset = frame_u64(&x->q->in);
	uint32_t len = frame_u32(&x->q->in);

	if (!cursor_done(&x->q->in))
		return STEP_MALFORMED;
	if (!x->h || !is_kind(g, x, HANDLE_FILE))
		return STEP_DONE;
	if (!(x->h->directions & FILE_DOWN)) {
		send_status(g, x->q->id, FX_PERMISSION_DENIED,
			"this file was not opened for reading");
		return STEP_DONE;
	}
	if (!link_takes(g, x->h->link))
		return STEP_WAIT;
	read_clamped(g, x, offset, len);
	return STEP_DONE;
}

void held_send_write(struct gate *g, struct pending *p,
	const struct handle *h, uint64_t offset, struct bytes data)
{
	uint8_t head[HEAD_BYTES];
	struct build b;

	p->offset = offset;
	p->len = (uint32_t)data.len;
	build_init(&b, head, sizeof(head));
	build_begin(&b, FXP_WRITE, pending_id(&g->pendings, p));
	build_string(&b, h->remote, h->remote_len);
	build_u64(&b, offset);
	build_u32(&b, (uint32_t)data.len);
	send_link(g, h->link, &b, data.data, data.len);
}

/* Larger than the target takes: several, and one answer. */
static void write_parts(
	struct gate *g, struct held *x, uint64_t offset, struct bytes data)
{
	uint32_t max = g->links[x->h->link].write_max;
	struct pending *group =
		pend(g, PENDING_GROUP, x->h->link, x->q->id, x->h);

	group->len = (uint32_t)data.len;
	while (data.len) {
		struct bytes part = {data.data,
			data.len < max ? data.len : max};
		struct pending *p =
			pend(g, PENDING_PART, x->h->link, x->q->id, x->h);

		p->group = pending_id(&g->pendings, group);
		group->parts++;
		held_send_write(g, p, x->h, offset, part);
		offset += part.len;
		data.data += part.len;
		data.len -= part.len;
	}
}

static const char *write_refusal(struct gate *g, const struct handle *h,
	uint64_t offset, size_t len)
{
	const struct link *l = &g->links[h->link];
	uint64_t max = l->terms.size_max;

	if (h->open_flags & FXF_APPEND)
		offset = h->sent;
	if (h->spool && l->terms.spool_max < max)
		max = l->terms.spool_max;
	if (offset <= max && len <= max - offset)
		return NULL;
	return why(g, "%s: files of up to %llu bytes are allowed (%s)",
		l->target, (unsigned long long)max,
		h->spool ? "FileCheckSize" : "FileSize");
}

static void pass_write(
	struct gate *g, struct held *x, uint64_t offset, struct bytes data)
{
	struct handle *h = x->h;

	sum_feed(&h->sums[0], offset, data.data, data.len);
	h->inflight++;
	h->sent += data.len;
	if (data.len > g->links[h->link].write_max)
		write_parts(g, x, offset, data);
	else
		held_send_write(g,
			pend(g, PENDING_WRITE, h->link, x->q->id, h), h,
			offset, data);
}

static enum step take_write(struct gate *g, struct held *x)
{
	uint64_t offset = frame_u64(&x->q->in);
	struct bytes data = frame_string(&x->q->in);
	struct handle *h = x->h;
	const char *refusal;

	/* rclone sends more than its last piece has; only the piece counts */
	if (x->q->in.failed)
		return STEP_MALFORMED;
	if (!h || (h->kind != HANDLE_SPOOL && !is_kind(g, x, HANDLE_FILE)))
		return STEP_DONE;
	if (!(h->open_flags & FXF_WRITE)) {
		send_status(g, x->q->id, FX_PERMISSION_DENIED,
			"this file was not opened for writing");
		return STEP_DONE;
	}
	if (!link_takes(g, h->link))
		return STEP_WAIT;
	refusal = write_refusal(g, h, offset, data.len);
	if (refusal) {
		h->failed = true;
		deny(g, h->link, x->q->id, h->path, refusal);
	} else if (h->kind == HANDLE_SPOOL) {
		checked_write(g, h, x->q->id, offset, data);
	} else {
		pass_write(g, x, offset, data);
	}
	return STEP_DONE;
}

static enum step take_close(struct gate *g, struct held *x)
{
	struct handle *h = x->h;

	if (!cursor_done(&x->q->in))
		return STEP_MALFORMED;
	if (!h)
		return STEP_DONE;
	if (h->kind == HANDLE_ROOT || h->kind == HANDLE_DEAD) {
		bool dead = h->kind == HANDLE_DEAD;

		send_status(g, x->q->id, dead ? FX_FAILURE : FX_OK,
			dead ? handle_death(h) : "closed");
		handle_free(g, h);
		return STEP_DONE;
	}
	if (!link_takes(g, h->link))
		return STEP_WAIT;
	h->client_id = x->q->id;
	if (h->kind == HANDLE_SPOOL) {
		checked_close(g, h);
		return STEP_DONE;
	}
	h->state = STATE_CLOSING;
	if (transfer_wants_size(h))
		held_send(g, FXP_FSTAT,
			pend(g, PENDING_SIZE, h->link, 0, h), h, NULL);
	held_send(g, FXP_CLOSE, pend(g, PENDING_CLOSE, h->link, x->q->id, h),
		h, NULL);
	return STEP_DONE;
}

static enum step take_fstat(struct gate *g, struct held *x)
{
	const struct attrs root = {
		.flags = ATTRS_MODE, .mode = ATTRS_MODE_FOLDER | 0555};

	if (!cursor_done(&x->q->in))
		return STEP_MALFORMED;
	if (!x->h)
		return STEP_DONE;
	if (x->h->kind == HANDLE_ROOT) {
		send_attrs(g, x->q->id, &root);
		return STEP_DONE;
	}
	if (x->h->kind == HANDLE_SPOOL) {
		checked_fstat(g, x->h, x->q->id);
		return STEP_DONE;
	}
	if (x->h->kind != HANDLE_FOLDER && !is_kind(g, x, HANDLE_FILE))
		return STEP_DONE;
	if (!link_takes(g, x->h->link))
		return STEP_WAIT;
	held_send(g, FXP_FSTAT,
		pend(g, PENDING_ATTRS, x->h->link, x->q->id, NULL), x->h, NULL);
	return STEP_DONE;
}

static enum step take_fsetstat(struct gate *g, struct held *x)
{
	struct handle *h = x->h;
	const char *refusal;
	struct attrs attrs;

	attrs_take(&x->q->in, &attrs);
	if (!cursor_done(&x->q->in))
		return STEP_MALFORMED;
	if (!h || (h->kind != HANDLE_SPOOL && h->kind != HANDLE_FOLDER &&
			  !is_kind(g, x, HANDLE_FILE)))
		return STEP_DONE;
	if (!link_takes(g, h->link))
		return STEP_WAIT;
	if (!change_may(g, h->link, x->q->id, h->path))
		return STEP_DONE;
	if (h->kind == HANDLE_SPOOL && attrs.flags & ATTRS_SIZE &&
		attrs.size == h->spool->size)
		attrs.flags &= ~(uint32_t)ATTRS_SIZE;
	refusal = open_size_refusal(g, h->link, &attrs);
	if (refusal) {
		deny(g, h->link, x->q->id, h->path, refusal);
		return STEP_DONE;
	}
	if (!tell_attrs(g, h->link, h->path, &attrs)) {
		send_status(g, x->q->id, FX_PERMISSION_DENIED, g->why);
		return STEP_DONE;
	}
	if (h->kind == HANDLE_SPOOL) {
		checked_fsetstat(g, h, x->q->id, &attrs);
		return STEP_DONE;
	}
	h->resized = h->resized || attrs.flags & ATTRS_SIZE;
	held_send(g, FXP_FSETSTAT,
		pend(g, PENDING_STATUS, h->link, x->q->id, NULL), h, &attrs);
	return STEP_DONE;
}

static enum step take_readdir(struct gate *g, struct held *x)
{
	if (!cursor_done(&x->q->in))
		return STEP_MALFORMED;
	if (!x->h)
		return STEP_DONE;
	if (x->h->kind == HANDLE_ROOT) {
		root_readdir(g, x->h, x->q->id);
		return STEP_DONE;
	}
	if (!is_kind(g, x, HANDLE_FOLDER))
		return STEP_DONE;
	if (!link_takes(g, x->h->link))
		return STEP_WAIT;
	held_send(g, FXP_READDIR,
		pend(g, PENDING_READDIR, x->h->link, x->q->id, NULL), x->h,
		NULL);
	return STEP_DONE;
}

/* Its handle; NULL: there is none (and the client is told, once). */
static struct handle *take_handle(struct gate *g, struct request *q)
{
	struct bytes name = frame_string(&q->in);

	return q->in.failed ? NULL : handle_of_client(g, name);
}

static enum step dispatch(struct gate *g, struct held *x)
{
	switch (x->q->type) {
	case FXP_CLOSE:
		return take_close(g, x);
	case FXP_READ:
		return take_read(g, x);
	case FXP_WRITE:
		return take_write(g, x);
	case FXP_FSTAT:
		return take_fstat(g, x);
	case FXP_FSETSTAT:
		return take_fsetstat(g, x);
	default:
		return take_readdir(g, x);
	}
}

enum step held_take(struct gate *g, struct request *q)
{
	struct held x = {.q = q};
	enum step step;

	x.h = take_handle(g, q);
	step = dispatch(g, &x);
	/* as OpenSSH has it: to close what is not open is another thing */
	if (!x.h && step == STEP_DONE)
		send_status(g, q->id,
			q->type == FXP_CLOSE ? FX_NO_SUCH_FILE : FX_FAILURE,
			"no such handle");
	return step;
}

/* fsync and fstatvfs, which a target has or has not. */
enum step held_extended(struct gate *g, struct request *q, bool sync)
{
	struct handle *h = take_handle(g, q);
	struct pending *p;
	uint8_t head[HEAD_BYTES];
	struct build b;
	bool has;

	if (!cursor_done(&q->in))
		return STEP_MALFORMED;
	has = h && (h->kind == HANDLE_FILE || h->kind == HANDLE_FOLDER) &&
		(sync ? g->links[h->link].fsync : g->links[h->link].statvfs);
	if (!has) {
		send_status(g, q->id, h ? FX_OP_UNSUPPORTED : FX_FAILURE,
			h ? "not of this file" : "no such handle");
		return STEP_DONE;
	}
	if (!link_takes(g, h->link))
		return STEP_WAIT;
	p = pend(g, sync ? PENDING_STATUS : PENDING_STATVFS, h->link, q->id,
		NULL);
	build_init(&b, head, sizeof(head));
	build_begin(&b, FXP_EXTENDED, pending_id(&g->pendings, p));
	build_text(&b,
		sync ? "fsync@openssh.com" : "fstatvfs@openssh.com");
	build_string(&b, h->remote, h->remote_len);
	send_link(g, h->link, &b, NULL, 0);
	return STEP_DONE;
}
