/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One onward connection, as far as a terminal and files have it in common:
 * decided, recorded, with a key and a certificate of its own, to the host key
 * that the policy pins, through the relay. What its bytes are is the
 * caller's.
 */
#ifndef JUMP_JUMPSHELL_LINK_H
#define JUMP_JUMPSHELL_LINK_H

#include "jumpshell/ask.h"
#include "jumpshell/client.h"
#include "jumpshell/guard.h"
#include "jumpshell/route.h"
#include "jumpshell/witness.h"

struct link_request {
	struct access *access;
	const struct witness *witness;
	const struct terminal *terminal;
	const char *target;
	enum proto proto;
	const char *command; /* NULL: a shell, or the subsystem of proto */
	size_t command_len;
};

struct link {
	struct link_request q; /* borrowed, for as long as the link lives */
	struct decision decision;
	struct guard guard;
	struct keypair keys;
	struct client client;
	char conn[CONN_SIZE];
	char grant[ID_SIZE];
	char account[NAME_SIZE];
	struct route route;
	int record; /* -1: nothing is recorded */
	int certifier[WAY_MAX];
	/* Why it was refused: a word for text_refusal(), or with denied the
	 * decision has the reason. */
	bool denied;
	const char *reason;
	char reason_text[ASK_REASON_SIZE];
};

/*
 * Everything up to the running ssh, each step before what depends on it.
 * Waits, some seconds at worst. Returns 0, or -EACCES: the refusal is in the
 * log, and what the person should hear is in reason; in both cases the caller
 * ends the link.
 */
int link_open(struct link *l, const struct link_request *q);

/* An event of this link, with what is known of it. */
struct event link_event(const struct link *l, enum event_id id);

/* Without its recording it has to end. */
bool link_must_record(const struct link *l);

void link_end(struct link *l);

#endif
