/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The relay's events. Open is written before the target hears of us,
 * so that no byte moves without a record of it.
 */
#ifndef JUMP_WORKERS_RELAY_EVENTS_H
#define JUMP_WORKERS_RELAY_EVENTS_H

#include "base/keyfile.h"
#include "workers/relay/connection.h"

/* 0, or -errno of event_emit(): where audit is required, refuse then. */
int event_open(const struct connection *c);
void event_close(const struct connection *c);

/* Refused before it was opened; c may be half filled. */
void event_denied(
	const struct connection *c, const char *reason, const char *detail);

/* A knock that got no process. */
void event_turned_away(
	const struct identity *who, const char *reason, const char *detail);

/* What was refused and not told one by one. */
void event_held(const struct tally_row *row, int64_t now_ms);

/* The end of a connection whose process died without a word. */
void event_lost(const char *conn, const struct keyfile *record);

#endif
