/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as rights.db or users/UID: once as they are, and once with all
 * checksums put right, so that what lies behind them is reached too. Every
 * user is looked up, every view loaded and asked.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "grants/reader.h"
#include "tests/fuzz/cellfile.h"

#define USERS_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct rights_view *v, const char *name, uint32_t uid)
{
	struct request q = {.user = name,
		.uid = uid,
		.channel = CHANNEL_BROKERED,
		.target = "plc-gw",
		.proto = PROTO_SSH,
		.recording = true};
	enum proto proto = PROTO_NONE;
	struct address a = {.family = AF_INET};

	for (size_t i = 0; i < v->grant_count; i++) {
		const struct grant *g = &v->grants[i];

		(void)rights_decide(v, &q, g->not_before);
		for (size_t t = 0; t < g->target_count; t++)
			if (!name_valid(g->targets[t]))
				__builtin_trap();
	}
	q.channel = CHANNEL_LOGIN;
	if (rights_decide(v, &q, 1795464000).allow && v->grant_count == 0)
		__builtin_trap();
	(void)rights_target_at(v, &a, 22, &proto);
}

static void read_all(struct rights *r)
{
	static struct rights_user u, again;

	for (uint32_t i = 0; i < r->cells.count[CELL_USERS] && i < USERS_MAX;
		i++) {
		struct rights_view v = {0};
		uint8_t payload[CELL_PAYLOAD];
		uint32_t uid;

		if (cells_read(&r->cells, CELL_USERS, i, payload) < 0)
			continue;
		uid = u32_at(payload);
		if (rights_user_by_uid(r, uid, &u) == 0) {
			if (u.uid != uid || !name_valid(u.name))
				__builtin_trap();
			if (rights_user_by_name(r, u.name, &again) == 0 &&
				strcmp(again.name, u.name) != 0)
				__builtin_trap();
		}
		if (rights_view_load(r, uid, &v) == 0)
			ask(&v, u.name, uid);
		rights_view_done(&v);
	}
}

static void read_file(int fd)
{
	_cleanup_rights_ struct rights *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	r->fd = -1;
	if (cells_open(fd, &r->cells) < 0)
		return;
	/* The info's generation seldom fits: its settings are not needed. */
	(void)reader_attach(r, fd);
	read_all(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return cellfile_read(data, size, read_file);
}
