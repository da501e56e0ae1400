/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "/": the targets as folders. It is answered here, as is what can be said
 * of a target's own folder without going there.
 */
#include <string.h>

#include "sftp/inside.h"
#include "sftp/names.h"

struct target *root_target(struct gate *g, const char *name)
{
	for (size_t i = 0; i < g->target_count; i++)
		if (strcmp(g->targets[i].name, name) == 0)
			return &g->targets[i];
	return NULL;
}

bool root_refresh(struct gate *g)
{
	if (g->listed_ms && g->now_ms - g->listed_ms < LIST_FRESH_MS)
		return true;
	if (!ask_list(g))
		return false;
	g->listed_ms = g->now_ms ? g->now_ms : 1;
	return true;
}

/* Is there such a target? Answers the client itself where there is none. */
static bool is_there(struct gate *g, uint32_t id, const struct place *at)
{
	struct target *t;

	if (!root_refresh(g)) {
		send_status(g, id, FX_PERMISSION_DENIED, g->why);
		return false;
	}
	t = at->target[0] ? root_target(g, at->target) : NULL;
	if (!at->target[0] || (t && t->listed))
		return true;
	send_status(g, id, FX_NO_SUCH_FILE,
		"no target of this name is open to you for files");
	return false;
}

void root_opendir(struct gate *g, uint32_t id)
{
	struct handle *h;

	if (!root_refresh(g)) {
		send_status(g, id, FX_PERMISSION_DENIED, g->why);
		return;
	}
	h = handle_new(g, HANDLE_ROOT, CONTROL_NO_LINK);
	if (!h) {
		send_status(g, id, FX_FAILURE, "too many files are open");
		return;
	}
	h->state = STATE_OPEN;
	send_handle(g, id, h);
}

void root_readdir(struct gate *g, struct handle *h, uint32_t id)
{
	uint32_t count = 1;
	struct build b;

	if (h->root_listed) {
		send_status(g, id, FX_EOF, "end of the list");
		return;
	}
	h->root_listed = true;
	for (size_t i = 0; i < g->target_count; i++)
		count += g->targets[i].listed;
	build_init(&b, g->scratch, SFTP_FRAME_MAX);
	build_begin(&b, FXP_NAME, id);
	build_u32(&b, count);
	names_put_folder(&b, ".");
	for (size_t i = 0; i < g->target_count; i++)
		if (g->targets[i].listed)
			names_put_folder(&b, g->targets[i].name);
	send_client(g, &b, NULL, 0);
}

void root_stat(struct gate *g, uint32_t id, const struct place *at)
{
	const struct attrs folder = {.flags = ATTRS_MODE,
		.mode = ATTRS_MODE_FOLDER | (at->target[0] ? 0755 : 0555)};

	if (is_there(g, id, at))
		send_attrs(g, id, &folder);
}

void root_realpath(struct gate *g, uint32_t id, const struct place *at)
{
	uint8_t head[HEAD_BYTES];
	char path[NAME_SIZE + 1] = "/";
	struct build b;

	if (!is_there(g, id, at))
		return;
	memcpy(path + 1, at->target, sizeof(at->target));
	build_init(&b, head, sizeof(head));
	build_begin(&b, FXP_NAME, id);
	build_u32(&b, 1);
	names_put_plain(&b, path);
	send_client(g, &b, NULL, 0);
}

/* No room in it, nothing to write to: as a folder of a proc(5). */
void root_statvfs(struct gate *g, uint32_t id)
{
	const uint64_t values[11] = {
		4096, 4096, 0, 0, 0, 0, 0, 0, 0, 1 /* read-only */, 255};
	uint8_t head[HEAD_BYTES];
	struct build b;

	build_init(&b, head, sizeof(head));
	build_begin(&b, FXP_EXTENDED_REPLY, id);
	for (int i = 0; i < 11; i++)
		build_u64(&b, values[i]);
	send_client(g, &b, NULL, 0);
}
