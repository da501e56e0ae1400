/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a client asks: each request is taken apart to its last byte before
 * anything is done for it. Here are those that look; what changes, opens or
 * names a handle has its own file.
 */
#include <errno.h>
#include <string.h>

#include "sftp/inside.h"

void send_status(struct gate *g, uint32_t id, uint32_t code, const char *text)
{
	uint8_t head[HEAD_BYTES];
	struct build b;

	build_init(&b, head, sizeof(head));
	build_begin(&b, FXP_STATUS, id);
	build_u32(&b, code);
	build_text(&b, text);
	build_text(&b, "en");
	send_client(g, &b, NULL, 0);
}

void send_errno(struct gate *g, uint32_t id, int r)
{
	if (r == -ENOENT)
		send_status(g, id, FX_NO_SUCH_FILE, "no such target");
	else if (r == -ENAMETOOLONG)
		send_status(g, id, FX_BAD_MESSAGE, "this path is too long");
	else if (r == -EINVAL)
		send_status(g, id, FX_BAD_MESSAGE, "a path can't have a NUL");
	else
		send_status(g, id, FX_FAILURE, "this can't be done");
}

void send_attrs(struct gate *g, uint32_t id, const struct attrs *a)
{
	uint8_t head[HEAD_BYTES];
	struct build b;

	build_init(&b, head, sizeof(head));
	build_begin(&b, FXP_ATTRS, id);
	attrs_put(&b, a);
	send_client(g, &b, NULL, 0);
}

bool request_place(
	struct gate *g, uint32_t id, struct bytes path, struct place *ret)
{
	int r = place_parse(path, ret);

	if (r < 0)
		send_errno(g, id, r);
	return r == 0;
}

enum link_get request_reach(
	struct gate *g, uint32_t id, const struct place *at, unsigned *ret_link)
{
	enum link_get got = link_get(g, at->target, ret_link);

	if (got != LINK_GET_REFUSED)
		return got;
	if (g->why_code == FX_NO_SUCH_FILE) {
		deny(g, CONTROL_NO_LINK, id, at->target, g->why);
		return got;
	}
	send_status(g, id, g->why_code, g->why);
	return got;
}

void request_send(struct gate *g, uint8_t type, struct pending *p,
	const char *path, const struct attrs *a)
{
	uint8_t head[PATHS_BYTES];
	struct build b;

	build_init(&b, head, sizeof(head));
	build_begin(&b, type, pending_id(&g->pendings, p));
	build_text(&b, path);
	if (a)
		attrs_put(&b, a);
	send_link(g, p->link, &b, NULL, 0);
}

/* A request that only looks at a path. */
struct look {
	uint8_t type;	       /* on the wire */
	const char *extension; /* of an EXTENDED */
	uint8_t pending;
	bool folders; /* a target has an answer for its own folder, too */
	/* what is no target's */
	void (*ours)(struct gate *g, uint32_t id, const struct place *at);
};

/* Passed on under a folded event. */
static enum step look(struct gate *g, uint32_t id, const struct place *at,
	const struct look *how)
{
	struct pending *p;
	unsigned link;
	enum link_get got = request_reach(g, id, at, &link);

	if (got != LINK_GET_READY)
		return got == LINK_GET_WAIT ? STEP_WAIT : STEP_DONE;
	if (!g->links[link].terms.directions) {
		deny(g, link, id, at->inner, "files are not open to you here");
		return STEP_DONE;
	}
	if (!tell_folded(g, link, FILE_ACT_LOOK, at->inner)) {
		send_status(g, id, FX_PERMISSION_DENIED, g->why);
		return STEP_DONE;
	}
	p = pend(g, how->pending, link, id, NULL);
	if (how->pending == PENDING_READLINK) {
		p->path = strdup(at->inner);
		if (!p->path)
			g->error = -ENOMEM;
	}
	if (!how->extension) {
		request_send(g, how->type, p, at->inner, NULL);
	} else {
		uint8_t head[PATHS_BYTES];
		struct build b;

		build_init(&b, head, sizeof(head));
		build_begin(&b, FXP_EXTENDED, pending_id(&g->pendings, p));
		build_text(&b, how->extension);
		build_text(&b, at->inner);
		send_link(g, link, &b, NULL, 0);
	}
	return STEP_DONE;
}

static void no_link(struct gate *g, uint32_t id, const struct place *at)
{
	(void)at;
	send_status(g, id, FX_BAD_MESSAGE, "this is no link");
}

static void statvfs(struct gate *g, uint32_t id, const struct place *at)
{
	(void)at;
	root_statvfs(g, id);
}

static const struct look looks[] = {
	{.type = FXP_STAT, .pending = PENDING_ATTRS, .ours = root_stat},
	{.type = FXP_LSTAT, .pending = PENDING_ATTRS, .ours = root_stat},
	{.type = FXP_REALPATH,
		.pending = PENDING_REALPATH,
		.ours = root_realpath},
	{.type = FXP_READLINK, .pending = PENDING_READLINK, .ours = no_link},
	{.type = FXP_EXTENDED,
		.extension = "statvfs@openssh.com",
		.pending = PENDING_STATVFS,
		.folders = true,
		.ours = statvfs},
};

static enum step take_look(struct gate *g, struct request *q)
{
	const struct look *how = looks;
	struct bytes path = frame_string(&q->in);
	struct place at;

	while (how->type != q->type)
		how++;
	if (!cursor_done(&q->in))
		return STEP_MALFORMED;
	if (!request_place(g, q->id, path, &at))
		return STEP_DONE;
	if (place_is_file(&at) || (how->folders && at.target[0]))
		return look(g, q->id, &at, how);
	how->ours(g, q->id, &at);
	return STEP_DONE;
}

static enum step take_limits(struct gate *g, struct request *q)
{
	uint8_t head[HEAD_BYTES];
	struct build b;

	if (!cursor_done(&q->in))
		return STEP_MALFORMED;
	build_init(&b, head, sizeof(head));
	build_begin(&b, FXP_EXTENDED_REPLY, q->id);
	build_u64(&b, SFTP_PACKET_MAX);
	build_u64(&b, SFTP_DATA_MAX);
	build_u64(&b, SFTP_DATA_MAX);
	build_u64(&b, HANDLES_MAX);
	send_client(g, &b, NULL, 0);
	return STEP_DONE;
}

static enum step take_extended(struct gate *g, struct request *q)
{
	struct bytes name = frame_string(&q->in);

	if (q->in.failed)
		return STEP_MALFORMED;
	if (bytes_are(name, "posix-rename@openssh.com"))
		return change_two(g, q, FXP_EXTENDED);
	if (bytes_are(name, "hardlink@openssh.com"))
		return change_two(g, q, FXP_EXTENDED_REPLY);
	if (bytes_are(name, "statvfs@openssh.com"))
		return take_look(g, q);
	if (bytes_are(name, "fstatvfs@openssh.com"))
		return held_extended(g, q, false);
	if (bytes_are(name, "fsync@openssh.com"))
		return held_extended(g, q, true);
	if (bytes_are(name, "limits@openssh.com"))
		return take_limits(g, q);
	send_status(
		g, q->id, FX_OP_UNSUPPORTED, "this extension is not carried");
	return STEP_DONE;
}

enum step request_take(struct gate *g, struct request *q)
{
	switch (q->type) {
	case FXP_OPEN:
		return open_file(g, q);
	case FXP_OPENDIR:
		return open_folder(g, q);
	case FXP_SETSTAT:
		return open_setstat(g, q);
	case FXP_CLOSE:
	case FXP_READ:
	case FXP_WRITE:
	case FXP_FSTAT:
	case FXP_FSETSTAT:
	case FXP_READDIR:
		return held_take(g, q);
	case FXP_LSTAT:
	case FXP_STAT:
	case FXP_REALPATH:
	case FXP_READLINK:
		return take_look(g, q);
	case FXP_REMOVE:
	case FXP_MKDIR:
	case FXP_RMDIR:
		return change_take(g, q);
	case FXP_RENAME:
	case FXP_SYMLINK:
		return change_two(g, q, q->type);
	case FXP_EXTENDED:
		return take_extended(g, q);
	default:
		send_status(g, q->id, FX_OP_UNSUPPORTED,
			"no such request in version 3");
		return STEP_DONE;
	}
}
