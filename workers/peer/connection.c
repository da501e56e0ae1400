/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/peer/connection.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/keyfile.h"

static bool take_text(
	const struct keyfile *k, const char *key, char *ret, size_t size)
{
	const char *value = keyfile_text(k, key);

	if (!value || strlen(value) >= size)
		return false;
	memcpy(ret, value, strlen(value) + 1);
	return true;
}

static bool take_texts(const struct keyfile *k, struct connection_record *c)
{
	const struct {
		const char *key;
		char *to;
		size_t size;
	} texts[] = {
		{"session", c->session, sizeof(c->session)},
		{"scope", c->scope, sizeof(c->scope)},
		{"user", c->user, sizeof(c->user)},
		{"grant", c->grant, sizeof(c->grant)},
		{"target", c->target, sizeof(c->target)},
		{"address", c->address, sizeof(c->address)},
	};
	const char *proto = keyfile_text(k, "proto");
	const char *channel = keyfile_text(k, "channel");
	struct offer offer;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (!take_text(k, texts[i].key, texts[i].to, texts[i].size))
			return false;
	}
	if (!proto || !channel)
		return false;
	if (proto_parse(proto, &offer) < 0)
		return false;
	c->proto = offer.proto;
	if (strcmp(channel, "brokered") == 0)
		c->channel = CHANNEL_BROKERED;
	else if (strcmp(channel, "tunnel") == 0)
		c->channel = CHANNEL_TUNNEL;
	return c->channel != CHANNEL_NONE && uuid_valid(c->session) &&
	       name_valid(c->user) && name_valid(c->target);
}

static bool take_number(const struct keyfile *k, const char *key, uint64_t min,
	uint64_t max, uint64_t *ret_value)
{
	return keyfile_number(k, key, ret_value) == 0 && *ret_value >= min &&
	       *ret_value <= max;
}

static bool take_numbers(const struct keyfile *k, struct connection_record *c)
{
	uint64_t uid, port, pid, start, started, until, recorded;

	if (!take_number(k, "uid", 1, UINT32_MAX - 1, &uid) ||
		!take_number(k, "port", 1, UINT16_MAX, &port) ||
		!take_number(k, "pid", 2, INT32_MAX, &pid) ||
		!take_number(k, "pid_start", 1, UINT64_MAX, &start) ||
		!take_number(k, "started", 0, INT64_MAX, &started) ||
		!take_number(k, "until", 0, INT64_MAX, &until) ||
		!take_number(k, "recorded", 0, 1, &recorded))
		return false;
	c->uid = (uint32_t)uid;
	c->port = (uint16_t)port;
	c->pid = (pid_t)pid;
	c->pid_start = start;
	c->started = (int64_t)started;
	c->until = (int64_t)until;
	c->recorded = recorded == 1;
	return true;
}

int connection_read(int dirfd, const char *conn, uid_t owner,
	struct connection_record *ret_connection)
{
	_cleanup_keyfile_ struct keyfile k = {0};
	struct connection_record c = {0};
	int r;

	if (!conn_valid(conn))
		return -EINVAL;
	r = keyfile_read(dirfd, conn, owner, &k);
	if (r < 0)
		return r;
	if (!take_texts(&k, &c) || !take_numbers(&k, &c))
		return -EBADMSG;
	memcpy(c.conn, conn, sizeof(c.conn));
	*ret_connection = c;
	return 0;
}
