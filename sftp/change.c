/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests that change what lies on a target: written down first, then
 * passed on. Both ends of a rename or a link are on one target, and what a
 * link holds does not lead out of its folder.
 */
#include <errno.h>
#include <string.h>

#include "sftp/inside.h"

static bool may_write(
	struct gate *g, unsigned link, uint32_t id, const char *inner)
{
	if (g->links[link].terms.directions & FILE_UP)
		return true;
	deny(g, link, id, inner,
		why(g, "%s: nothing may be changed there in this window (it "
		       "has no direction up)",
			g->links[link].target));
	return false;
}

bool change_may(
	struct gate *g, unsigned link, uint32_t id, const char *inner)
{
	const struct file_terms *t = &g->links[link].terms;

	if (!may_write(g, link, id, inner))
		return false;
	if (!place_matches(t, inner)) {
		deny(g, link, id, inner,
			why(g, "%s: only files named as the policy's "
			       "FileNames says may be touched",
				g->links[link].target));
		return false;
	}
	return true;
}

static bool written_down(struct gate *g, uint32_t id, bool told)
{
	if (!told)
		send_status(g, id, FX_PERMISSION_DENIED, g->why);
	return told;
}

static uint8_t act_of(uint8_t type)
{
	switch (type) {
	case FXP_REMOVE:
		return FILE_ACT_REMOVE;
	case FXP_MKDIR:
		return FILE_ACT_MKDIR;
	case FXP_RMDIR:
		return FILE_ACT_RMDIR;
	case FXP_RENAME:
	case FXP_EXTENDED:
		return FILE_ACT_RENAME;
	default:
		return FILE_ACT_LINK;
	}
}

bool change_on_target(struct gate *g, uint32_t id, const struct place *at)
{
	if (!place_is_file(at))
		deny(g, CONTROL_NO_LINK, id, at->target,
			"targets are no files: nothing can be changed here");
	return place_is_file(at);
}

enum step change_take(struct gate *g, struct request *q)
{
	struct bytes path = frame_string(&q->in);
	struct attrs attrs = {0};
	enum link_get got;
	struct place at;
	unsigned link;

	if (q->type == FXP_MKDIR)
		attrs_take(&q->in, &attrs);
	if (!cursor_done(&q->in))
		return STEP_MALFORMED;
	if (!request_place(g, q->id, path, &at) || !change_on_target(g, q->id, &at))
		return STEP_DONE;
	got = request_reach(g, q->id, &at, &link);
	if (got != LINK_GET_READY)
		return got == LINK_GET_WAIT ? STEP_WAIT : STEP_DONE;
	/* patterns are for files: a folder may have any name */
	if (q->type == FXP_REMOVE ? !change_may(g, link, q->id, at.inner)
				  : !may_write(g, link, q->id, at.inner))
		return STEP_DONE;
	if (written_down(g, q->id,
		    tell_act(g, link, act_of(q->type), at.inner, NULL)))
		request_send(g, q->type,
			pend(g, PENDING_STATUS, link, q->id, NULL), at.inner,
			q->type == FXP_MKDIR ? &attrs : NULL);
	return STEP_DONE;
}

struct pair {
	uint8_t type;  /* EXTENDED: posix-rename; EXTENDED_REPLY: hardlink */
	struct place from, to;
	char first[CONTROL_NAME_SIZE]; /* as the target is to have them */
	char second[CONTROL_NAME_SIZE];
};

static void send_pair(struct gate *g, unsigned link, uint32_t id, uint8_t type,
	const char *first, const char *second)
{
	struct pending *p = pend(g, PENDING_STATUS, link, id, NULL);
	const struct link *l = &g->links[link];
	uint8_t head[PATHS_BYTES];
	struct build b;

	/* a target of old has the plain one only, which replaces nothing */
	if (type == FXP_EXTENDED && !l->posix_rename)
		type = FXP_RENAME;
	build_init(&b, head, sizeof(head));
	build_begin(&b, type == FXP_EXTENDED_REPLY ? FXP_EXTENDED : type,
		pending_id(&g->pendings, p));
	if (type == FXP_EXTENDED)
		build_text(&b, "posix-rename@openssh.com");
	if (type == FXP_EXTENDED_REPLY)
		build_text(&b, "hardlink@openssh.com");
	build_text(&b, first);
	build_text(&b, second);
	send_link(g, link, &b, NULL, 0);
}

/* Of a link: its name, then what it points to. */
static void pass_on(struct gate *g, unsigned link, uint32_t id, uint8_t type,
	const char *first, const char *second)
{
	uint8_t act = act_of(type);
	bool is_link = act == FILE_ACT_LINK;

	if (written_down(g, id,
		    tell_act(g, link, act, is_link ? second : first,
			    is_link ? first : second)))
		send_pair(g, link, id, type, first, second);
}

void change_looked(struct gate *g, const struct handle *h)
{
	pass_on(g, h->link, h->client_id, h->for_rename, h->path, h->other);
}

static bool may_pair(
	struct gate *g, unsigned link, uint32_t id, const struct pair *two)
{
	const struct link *l = &g->links[link];
	bool links = two->type == FXP_SYMLINK ||
		two->type == FXP_EXTENDED_REPLY;

	if (!change_may(g, link, id, two->to.inner))
		return false;
	if (links && l->terms.pattern_count) {
		deny(g, link, id, two->to.inner,
			why(g, "%s: no links where FileNames decides",
				l->target));
		return false;
	}
	if (!links && !change_may(g, link, id, two->from.inner))
		return false;
	if (two->type == FXP_EXTENDED_REPLY && !l->hardlink) {
		send_status(g, id, FX_OP_UNSUPPORTED,
			"the target has no hard links");
		return false;
	}
	return true;
}

static enum step pass_pair(struct gate *g, uint32_t id, struct pair *two)
{
	enum link_get got;
	unsigned link;

	if (!change_on_target(g, id, &two->to))
		return STEP_DONE;
	got = request_reach(g, id, &two->to, &link);
	if (got != LINK_GET_READY)
		return got == LINK_GET_WAIT ? STEP_WAIT : STEP_DONE;
	if (!may_pair(g, link, id, two))
		return STEP_DONE;
	/* a link must not come to where OPEN has just looked for one */
	if (g->links[link].terms.pattern_count)
		open_rename(g, id, link, two->type, &two->from, two->second);
	else
		pass_on(g, link, id, two->type, two->first, two->second);
	return STEP_DONE;
}

static enum step take_symlink(struct gate *g, struct request *q,
	struct bytes content, struct bytes name)
{
	struct pair two = {.type = FXP_SYMLINK};
	int r;

	if (!request_place(g, q->id, name, &two.to) ||
		!change_on_target(g, q->id, &two.to))
		return STEP_DONE;
	r = place_link_in(&two.to, content, two.first);
	if (r == -EXDEV) {
		deny(g, CONTROL_NO_LINK, q->id, two.to.target,
			"a link can't lead out of its target's folder");
		return STEP_DONE;
	}
	if (r < 0) {
		send_errno(g, q->id, r);
		return STEP_DONE;
	}
	memcpy(two.second, two.to.inner, sizeof(two.second));
	return pass_pair(g, q->id, &two);
}

enum step change_two(struct gate *g, struct request *q, uint8_t type)
{
	struct bytes first = frame_string(&q->in);
	struct bytes second = frame_string(&q->in);
	struct pair two = {.type = type};

	if (!cursor_done(&q->in))
		return STEP_MALFORMED;
	/* OpenSSH has the content first, against the draft; so has all else */
	if (type == FXP_SYMLINK)
		return take_symlink(g, q, first, second);
	if (!request_place(g, q->id, first, &two.from) ||
		!request_place(g, q->id, second, &two.to) ||
		!change_on_target(g, q->id, &two.from))
		return STEP_DONE;
	if (strcmp(two.from.target, two.to.target) != 0) {
		deny(g, CONTROL_NO_LINK, q->id, two.from.target,
			"from one target to another: fetch it, then send it");
		return STEP_DONE;
	}
	memcpy(two.first, two.from.inner, sizeof(two.first));
	memcpy(two.second, two.to.inner, sizeof(two.second));
	return pass_pair(g, q->id, &two);
}
