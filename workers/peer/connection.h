/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connection records, as jump-relay keeps them while a connection lives. The
 * relay is not root: what stands there is a claim, and every signal that
 * follows from it is checked against the process itself.
 */
#ifndef JUMP_WORKERS_PEER_CONNECTION_H
#define JUMP_WORKERS_PEER_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "policy/decide.h"
#include "workers/peer/session.h"

#define CONNECTION_DIR	    "/run/jump/connections"
#define CONNECTION_SCAN_MAX 8192

/* The keys of doc/architecture.md, "connection". */
struct connection_record {
	char conn[CONN_SIZE];
	char session[UUID_SIZE];
	char scope[SESSION_SCOPE_SIZE];
	uint32_t uid;
	char user[NAME_SIZE];
	char grant[ID_SIZE]; /* "": not told */
	char target[NAME_SIZE];
	enum proto proto;
	char address[ADDRESS_TEXT_SIZE];
	uint16_t port;
	enum channel channel;
	pid_t pid;
	uint64_t pid_start;
	int64_t started; /* UTC s */
	int64_t until;
	bool recorded;
};

/*
 * Reads DIR/CONN, which must belong to `owner` (the relay's uid). Returns 0;
 * -ENOENT: it is over; -EBADMSG: not whole; another -errno.
 */
int connection_read(int dirfd, const char *conn, uid_t owner,
	struct connection_record *ret_connection);

#endif
