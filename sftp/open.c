/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What names a path and follows links there: OPEN, OPENDIR and SETSTAT.
 * Where names decide what may be touched, the gate looks first whether a
 * link hides behind the name; so that none comes there after the look, links
 * and folders are not renamed then.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sftp/inside.h"

/* A handle that waits for the target's; NULL: the client is answered. */
static struct handle *reserve(struct gate *g, uint32_t id, unsigned link,
	uint8_t kind, const struct place *at)
{
	struct handle *h = handle_new(g, kind, (uint8_t)link);

	if (!h) {
		send_status(g, id, FX_FAILURE, "too many files are open");
		return NULL;
	}
	h->client_id = id;
	h->path = strdup(at->inner);
	if (!h->path) {
		handle_free(g, h);
		g->error = -ENOMEM;
		return NULL;
	}
	return h;
}

static void look_first(struct gate *g, struct handle *h)
{
	struct pending *p = pend(g, PENDING_LOOK, h->link, h->client_id, h);

	request_send(g, FXP_LSTAT, p, h->path, NULL);
}

void open_rename(struct gate *g, uint32_t id, unsigned link, uint8_t type,
	const struct place *from, const char *to)
{
	struct handle *h = reserve(g, id, link, HANDLE_FILE, from);

	if (!h)
		return;
	h->for_rename = type;
	h->other = strdup(to);
	if (h->other)
		look_first(g, h);
	else
		g->error = -ENOMEM;
}

static void send_open(struct gate *g, const struct handle *h, uint8_t kind)
{
	struct pending *p = pend(g, kind, h->link, h->client_id, h);
	uint8_t head[PATHS_BYTES];
	struct attrs attrs = h->attrs;
	struct build b;

	attrs.flags &= kind == PENDING_RELEASE_OPEN ? ATTRS_MODE
						    : ~(uint32_t)ATTRS_SIZE;
	build_init(&b, head, sizeof(head));
	build_begin(&b, FXP_OPEN, pending_id(&g->pendings, p));
	build_text(&b, h->path);
	build_u32(&b, h->open_flags);
	attrs_put(&b, &attrs);
	send_link(g, h->link, &b, NULL, 0);
}

void open_release(struct gate *g, const struct handle *h)
{
	send_open(g, h, PENDING_RELEASE_OPEN);
}

static void go(struct gate *g, struct handle *h)
{
	const struct file_terms *t = &g->links[h->link].terms;
	bool ok;

	if (h->for_rename) {
		change_looked(g, h);
		handle_free(g, h);
		return;
	}
	if (h->for_setstat) {
		request_send(g, FXP_SETSTAT,
			pend(g, PENDING_STATUS, h->link, h->client_id, NULL),
			h->path, &h->attrs);
		handle_free(g, h);
		return;
	}
	if (t->checked && h->open_flags & FXF_WRITE) {
		h->kind = HANDLE_SPOOL;
		ok = checked_begin(g, h);
	} else {
		ok = transfer_begin(g, h);
		if (ok)
			send_open(g, h, PENDING_OPEN);
	}
	if (!ok) {
		send_status(g, h->client_id, FX_PERMISSION_DENIED, g->why);
		handle_free(g, h);
	}
}

void open_looked(struct gate *g, struct handle *h, uint32_t status,
	const struct attrs *a)
{
	const char *target = g->links[h->link].target;
	uint32_t kind = a->mode & ATTRS_MODE_KIND;

	if (status == FX_OK && (!(a->flags & ATTRS_MODE) ||
				       kind == ATTRS_MODE_LINK)) {
		deny(g, h->link, h->client_id, h->path,
			why(g, "%s: a link is not followed where FileNames "
			       "decides", target));
	} else if (status == FX_OK && h->for_rename &&
		kind == ATTRS_MODE_FOLDER) {
		deny(g, h->link, h->client_id, h->path,
			why(g, "%s: no folder is renamed where FileNames "
			       "decides", target));
	} else if (status != FX_OK && status != FX_NO_SUCH_FILE) {
		send_status(g, h->client_id, status,
			"the target does not let look at it");
	} else {
		go(g, h);
		return;
	}
	handle_free(g, h);
}

enum step open_file(struct gate *g, struct request *q)
{
	struct bytes path = frame_string(&q->in);
	uint32_t flags = frame_u32(&q->in) & FXF_KNOWN;
	const char *refusal;
	struct attrs attrs;
	enum link_get got;
	struct handle *h;
	struct place at;
	unsigned link;

	attrs_take(&q->in, &attrs);
	if (!cursor_done(&q->in))
		return STEP_MALFORMED;
	if (!request_place(g, q->id, path, &at))
		return STEP_DONE;
	if (!place_is_file(&at)) {
		send_status(g, q->id, FX_FAILURE, "this is a folder");
		return STEP_DONE;
	}
	got = request_reach(g, q->id, &at, &link);
	if (got != LINK_GET_READY)
		return got == LINK_GET_WAIT ? STEP_WAIT : STEP_DONE;
	refusal = transfer_refusal(g, link, &at, flags);
	if (refusal) {
		deny(g, link, q->id, at.inner, refusal);
		return STEP_DONE;
	}
	h = reserve(g, q->id, link, HANDLE_FILE, &at);
	if (!h)
		return STEP_DONE;
	h->open_flags = flags;
	h->attrs = attrs;
	if (g->links[link].terms.pattern_count)
		look_first(g, h);
	else
		go(g, h);
	return STEP_DONE;
}

enum step open_folder(struct gate *g, struct request *q)
{
	struct bytes path = frame_string(&q->in);
	enum link_get got;
	struct handle *h;
	struct place at;
	unsigned link;

	if (!cursor_done(&q->in))
		return STEP_MALFORMED;
	if (!request_place(g, q->id, path, &at))
		return STEP_DONE;
	if (!at.target[0]) {
		root_opendir(g, q->id);
		return STEP_DONE;
	}
	got = request_reach(g, q->id, &at, &link);
	if (got != LINK_GET_READY)
		return got == LINK_GET_WAIT ? STEP_WAIT : STEP_DONE;
	if (!g->links[link].terms.directions) {
		deny(g, link, q->id, at.inner,
			"files are not open to you here");
		return STEP_DONE;
	}
	if (!tell_folded(g, link, FILE_ACT_LIST, at.inner)) {
		send_status(g, q->id, FX_PERMISSION_DENIED, g->why);
		return STEP_DONE;
	}
	h = reserve(g, q->id, link, HANDLE_FOLDER, &at);
	if (h)
		request_send(g, FXP_OPENDIR,
			pend(g, PENDING_OPENDIR, link, q->id, h), at.inner,
			NULL);
	return STEP_DONE;
}

/* Sizes are contents: FileSize and the check are for them too. */
const char *open_size_refusal(
	struct gate *g, unsigned link, const struct attrs *a)
{
	const struct link *l = &g->links[link];

	if (!(a->flags & ATTRS_SIZE))
		return NULL;
	if (l->terms.checked)
		return why(g, "%s: files are checked before they are released: "
			      "their size can't be changed in place",
			l->target);
	if (a->size > l->terms.size_max)
		return why(g, "%s: files of up to %llu bytes are allowed "
			      "(FileSize)", l->target,
			(unsigned long long)l->terms.size_max);
	return NULL;
}

enum step open_setstat(struct gate *g, struct request *q)
{
	struct bytes path = frame_string(&q->in);
	const char *refusal;
	struct attrs attrs;
	enum link_get got;
	struct handle *h;
	struct place at;
	unsigned link;

	attrs_take(&q->in, &attrs);
	if (!cursor_done(&q->in))
		return STEP_MALFORMED;
	if (!request_place(g, q->id, path, &at) ||
		!change_on_target(g, q->id, &at))
		return STEP_DONE;
	got = request_reach(g, q->id, &at, &link);
	if (got != LINK_GET_READY)
		return got == LINK_GET_WAIT ? STEP_WAIT : STEP_DONE;
	if (!change_may(g, link, q->id, at.inner))
		return STEP_DONE;
	refusal = open_size_refusal(g, link, &attrs);
	if (refusal) {
		deny(g, link, q->id, at.inner, refusal);
		return STEP_DONE;
	}
	if (!tell_attrs(g, link, at.inner, &attrs)) {
		send_status(g, q->id, FX_PERMISSION_DENIED, g->why);
		return STEP_DONE;
	}
	h = reserve(g, q->id, link, HANDLE_FILE, &at);
	if (!h)
		return STEP_DONE;
	h->for_setstat = true;
	h->attrs = attrs;
	if (g->links[link].terms.pattern_count)
		look_first(g, h);
	else
		go(g, h);
	return STEP_DONE;
}
