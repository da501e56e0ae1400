/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When is it over? For a session and for a connection, from the rights in
 * force and the one decision function; pure.
 */
#ifndef JUMP_WORKERS_WATCH_DUE_H
#define JUMP_WORKERS_WATCH_DUE_H

#include "grants/rights.h"
#include "workers/peer/session.h"
#include "workers/peer/connection.h"

struct due {
	int64_t at;	    /* UTC s; 0: at once. Asked again by then */
	const char *reason; /* "window" or "revoked"; a constant */
};

/*
 * The latest end that any grant of the view still gives: the end of its
 * window and the conduit's grace behind it. A window that ended by itself
 * keeps its grace; what was revoked, narrowed or is no longer carried by the
 * policy has none. now is UTC seconds.
 */
struct due due_connection(const struct rights_view *view,
	const struct connection_record *c, const struct session_record *s,
	int64_t now);
struct due due_session(const struct rights_view *view,
	const struct session_record *s, int64_t now);

#endif
