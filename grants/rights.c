/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opens a compiled file together with the `info` of its generation, and
 * finds users in it. Both files are opened through one descriptor of the
 * generation's folder, so that they always belong together.
 */
#include "grants/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/trusted.h"
#include "grants/reader.h"

#define OPEN_TRIES     3 /* a generation may be removed between two opens */
#define INFO_MAX_BYTES 4096

int reader_body(struct rights *r, struct cell_ref ref, struct cursor *ret_in)
{
	int e = cells_read_body(&r->cells, ref, r->body);

	if (e < 0)
		return e;
	cursor_init(ret_in, r->body, ref.len_bytes);
	return 0;
}

/* Opens the folder of path; the name in it stays borrowed from path. */
static int open_folder(const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	size_t len = slash ? (size_t)(slash - path) + 1 : 0;
	int fd;

	if (len >= sizeof(folder))
		return -ENAMETOOLONG;
	memcpy(folder, path, len);
	memcpy(folder + len, ".", 2);
	if (len + 2 > sizeof(folder))
		return -ENAMETOOLONG;
	fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_name = slash ? slash + 1 : path;
	return fd;
}

static int read_info(int fd, struct rights *r)
{
	struct cells c;
	struct cursor in;
	int e = cells_open(fd, &c);

	if (e < 0)
		return e;
	if (c.kind != CELL_KIND_INFO)
		return -EBADMSG;
	e = cells_read_body(&c,
		(struct cell_ref){0, c.count[CELL_BODY] * CELL_PAYLOAD},
		r->body);
	if (e < 0)
		return e;
	cursor_init(&in, r->body, (size_t)c.count[CELL_BODY] * CELL_PAYLOAD);
	e = decode_info(&in, &r->info);
	if (e == 0 && r->info.generation != c.binding)
		return -EBADMSG;
	return e;
}

/* rights.db belongs to this generation; users/UID may be an older one's that
 * has not changed, and is bound to its user instead. */
int reader_attach(struct rights *r, int info_fd)
{
	int e = read_info(info_fd, r);

	if (e < 0)
		return e;
	if (r->cells.kind == CELL_KIND_ALL &&
		r->cells.binding != r->info.generation)
		return -EBADMSG;
	return 0;
}

static int open_once(
	int folder, const char *name, uid_t owner, struct rights *r)
{
	_cleanup_close_ int info = -1;
	int e;

	r->fd = trusted_open(folder, name, owner, CELLS_MAX_BYTES);
	if (r->fd < 0)
		return r->fd;
	e = cells_open(r->fd, &r->cells);
	if (e < 0)
		return e;
	if (r->cells.kind == CELL_KIND_INFO)
		return -EBADMSG;
	info = trusted_open(folder,
		r->cells.kind == CELL_KIND_USER ? "../info" : "info", owner,
		INFO_MAX_BYTES);
	return info < 0 ? info : reader_attach(r, info);
}

int rights_open(const char *path, uid_t owner, struct rights **ret_rights)
{
	int e = -ENOENT;

	for (int try = 0; try < OPEN_TRIES && e == -ENOENT; try++) {
		_cleanup_rights_ struct rights *r = calloc(1, sizeof(*r));
		_cleanup_close_ int folder = -1;
		const char *name;

		if (!r)
			return -ENOMEM;
		r->fd = -1;
		folder = open_folder(path, &name);
		e = folder < 0 ? folder : open_once(folder, name, owner, r);
		if (e == 0)
			*ret_rights = TAKE_PTR(r);
	}
	return e;
}

void rights_close(struct rights *r)
{
	if (!r)
		return;
	if (r->fd >= 0)
		(void)close(r->fd);
	free(r);
}

const struct rights_info *rights_info(const struct rights *r)
{
	return &r->info;
}

static void take_padded_name(struct cursor *in, char name[NAME_SIZE])
{
	const char *bytes = cursor_bytes(in, NAME_SIZE);

	name[0] = '\0';
	if (!bytes || bytes[NAME_SIZE - 1] != '\0')
		in->failed = true;
	else
		memcpy(name, bytes, NAME_SIZE);
}

static int read_user_cell(
	struct rights *r, uint32_t index, struct user_cell *ret_user)
{
	uint8_t payload[CELL_PAYLOAD];
	struct user_cell u;
	struct cursor in;
	uint32_t flags;
	int e = cells_read(&r->cells, CELL_USERS, index, payload);

	if (e < 0)
		return e;
	cursor_init(&in, payload, sizeof(payload));
	u.uid = cursor_u32(&in);
	flags = cursor_u32(&in);
	u.disabled = flags != 0;
	take_padded_name(&in, u.name);
	u.grant_first = cursor_u32(&in);
	u.grant_count = cursor_u32(&in);
	u.body.first = cursor_u32(&in);
	u.body.len_bytes = cursor_u32(&in);
	if (!cursor_done(&in) || flags > 1 || !name_valid(u.name))
		return -EBADMSG;
	if (r->cells.kind == CELL_KIND_USER && u.uid != r->cells.binding)
		return -EBADMSG;
	*ret_user = u;
	return 0;
}

int reader_find_uid(struct rights *r, uint32_t uid, struct user_cell *ret_user)
{
	uint32_t low = 0, high = r->cells.count[CELL_USERS];

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct user_cell u;
		int e = read_user_cell(r, middle, &u);

		if (e < 0)
			return e;
		if (u.uid == uid) {
			*ret_user = u;
			return 0;
		}
		if (u.uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return -ENOENT;
}

static int read_name_cell(struct rights *r, uint32_t index,
	char ret_name[NAME_SIZE], uint32_t *ret_user)
{
	uint8_t payload[CELL_PAYLOAD];
	struct cursor in;
	int e = cells_read(&r->cells, CELL_NAMES, index, payload);

	if (e < 0)
		return e;
	cursor_init(&in, payload, sizeof(payload));
	take_padded_name(&in, ret_name);
	*ret_user = cursor_u32(&in);
	return in.failed ? -EBADMSG : 0;
}

static int find_name(
	struct rights *r, const char *name, struct user_cell *ret_user)
{
	uint32_t low = 0, high = r->cells.count[CELL_NAMES];

	while (low < high) {
		uint32_t middle = low + (high - low) / 2, index;
		char found[NAME_SIZE];
		int e = read_name_cell(r, middle, found, &index);
		int order = e < 0 ? 0 : strcmp(found, name);

		if (e == 0 && order == 0)
			e = read_user_cell(r, index, ret_user);
		if (e < 0 || order == 0)
			return e;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return -ENOENT;
}

static int load_user(struct rights *r, const struct user_cell *cell,
	struct rights_user *ret_user)
{
	struct cursor in;
	int e = reader_body(r, cell->body, &in);

	if (e == 0)
		e = decode_user(&in, &r->user);
	if (e < 0)
		return e;
	memcpy(ret_user->name, cell->name, sizeof(ret_user->name));
	ret_user->uid = cell->uid;
	ret_user->disabled = cell->disabled;
	ret_user->key_count = r->user.key_count;
	memcpy(ret_user->keys, r->user.keys, sizeof(ret_user->keys));
	return 0;
}

int rights_user_by_uid(
	struct rights *r, uint32_t uid, struct rights_user *ret_user)
{
	struct user_cell cell;
	int e = reader_find_uid(r, uid, &cell);

	return e < 0 ? e : load_user(r, &cell, ret_user);
}

int rights_user_by_name(
	struct rights *r, const char *name, struct rights_user *ret_user)
{
	struct user_cell cell;
	int e = find_name(r, name, &cell);

	if (e == 0 && strcmp(cell.name, name) != 0)
		e = -EBADMSG;
	return e < 0 ? e : load_user(r, &cell, ret_user);
}

uint32_t rights_user_count(const struct rights *r)
{
	return r->cells.count[CELL_USERS];
}

int rights_user_at(
	struct rights *r, uint32_t place, struct rights_user *ret_user)
{
	struct user_cell cell;
	int e = read_user_cell(r, place, &cell);

	return e < 0 ? e : load_user(r, &cell, ret_user);
}
