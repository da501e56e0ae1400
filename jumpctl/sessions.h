/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sessions and their connections, as their records say.
 */
#ifndef JUMP_JUMPCTL_SESSIONS_H
#define JUMP_JUMPCTL_SESSIONS_H

#include "base/name.h"
#include "jumpctl/running.h"

#define SESSION_LIST_MAX  4096
#define SESSION_TEXT_SIZE 136

struct listed_connection {
	char conn[CONN_SIZE];
	char session[UUID_SIZE];
	char target[NAME_SIZE];
	char proto[16], channel[16], grant[ID_SIZE];
	uint64_t started, until;
	bool recorded;
};

struct listed_session {
	char scope[64];
	char uuid[UUID_SIZE];
	char user[NAME_SIZE];
	char source[64];
	char key[SESSION_TEXT_SIZE];
	uint64_t uid, source_port, ses, started;
	bool alive; /* its monitor is */
};

struct session_list {
	size_t session_count, connection_count;
	struct listed_session *sessions;       /* owned */
	struct listed_connection *connections; /* owned */
};
void session_list_done(struct session_list *l);
#define _cleanup_session_list_ __attribute__((cleanup(session_list_done)))

/* 0 or -errno. */
int session_list_read(const struct running *r, struct session_list *ret_list);

/*
 * The one session that is meant: by uuid, by at least 4 first characters of
 * it, or by scope. NULL: none, or ret_count of them.
 */
const struct listed_session *session_list_find(
	const struct session_list *l, const char *word, size_t *ret_count);

#endif
