/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One connection, from the knock to its end, in a process of its own. This
 * is what the parts that write it down know of it.
 */
#ifndef JUMP_WORKERS_RELAY_CONNECTION_H
#define JUMP_WORKERS_RELAY_CONNECTION_H

#include "audit/tally.h"
#include "base/moment.h"
#include "workers/relay/crowd.h"
#include "workers/relay/identity.h"
#include "workers/relay/permit.h"
#include "workers/relay/term.h"

#define RELAY_CONNECTIONS_DIR "/run/jump/connections"
#define RELAY_CLOSED_DIR      "/run/jump/closed"

struct connection {
	const struct identity *who;
	const struct crowd_count *others;
	const struct tally *refusals; /* as they were when it was forked */
	char conn[CONN_SIZE];
	struct permit permit;
	char bastion[NAME_SIZE]; /* its Id; empty: no rights were read */
	struct term term;
	struct moment_clock clock; /* the last one that was trusted */
	struct endpoint to;	   /* what was dialled */
	bool audit_optional;
	int live_fd;	   /* of the recording, or -1 */
	int64_t opened_ms; /* BOOTTIME */
	int64_t opened;	   /* UTC s */
	uint64_t bytes_in; /* from the target */
	uint64_t bytes_out;
	const char *reason; /* of the end */
	const char *by;	    /* who ended it, NULL: an end of it did */
};

/*
 * Serves the accepted socket and returns the exit status of the process: 0,
 * or what refusal_of_status() takes apart. All that the peer is to hear has
 * been sent when it returns.
 */
int connection_serve(int fd, const struct identity *who,
	const struct crowd_count *others, const struct tally *refusals);

/*
 * A knock that gets no process of its own: says no, without waiting for
 * anybody.
 */
void connection_turn_away(
	int fd, const struct identity *who, const char *reason);

#endif
