/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose events these are: what every event of this session carries. The
 * kernel stamps uid, audit session and pid by itself; these are for readers.
 */
#ifndef JUMP_JUMPSHELL_WITNESS_H
#define JUMP_JUMPSHELL_WITNESS_H

#include "audit/event.h"
#include "policy/policy.h"

struct witness {
	char user[NAME_SIZE];
	uint32_t uid;
	char session[UUID_SIZE];
	struct address source_address;
	char source[ADDRESS_TEXT_SIZE];
	uint16_t source_port;
	char server[ADDRESS_TEXT_SIZE]; /* where the client reached us */
	uint16_t server_port;
};

/* From SSH_CONNECTION and JUMP_SESSION, as far as they are well formed. */
void witness_begin(struct witness *w, uint32_t uid);

/* Adds what is known to the event and writes it. As event_emit(). */
int witness_emit(const struct witness *w, struct event *e);

/*
 * The same for a refusal, of which there may be floods: the relay, which
 * keeps the count of all of this user's, says whether this one is told now or
 * by that count. Does the relay not say: told.
 */
void witness_refused(const struct witness *w, struct event *e);

#endif
