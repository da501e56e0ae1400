/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * May this connection be, and until when? The one decision function, asked
 * for a connection: when it opens, and again whenever new rights are
 * published.
 */
#ifndef JUMP_WORKERS_RELAY_PERMIT_H
#define JUMP_WORKERS_RELAY_PERMIT_H

#include "grants/rights.h"
#include "policy/way.h"
#include "workers/peer/session.h"
#include "workers/relay/diag.h"

#define REASON_WORD_SIZE 24

/* What is asked for. A tunnel names an address, a brokered one a target. */
struct ask {
	enum channel channel;
	const struct session_record *session;
	struct endpoint at; /* tunnel */
	const char *target; /* brokered */
	enum proto proto;   /* brokered */
	bool recording;	    /* a live recording of it is proven */
};

/* The answer, with nothing borrowed. The zero value refuses. */
struct permit {
	bool allow;
	char reason[REASON_WORD_SIZE]; /* one word, never empty */
	const char *sentence;	       /* for people; a constant */
	char grant[ID_SIZE];
	char target[NAME_SIZE];
	char account[NAME_SIZE];
	char via[WAY_TEXT_SIZE]; /* "": it is reached from here */
	enum proto proto;
	size_t address_count;
	struct address addresses[POLICY_ADDRS_MAX]; /* to be dialled */
	uint16_t port;
	int64_t until; /* UTC s, end of the window */
	uint32_t grace_sec;
	uint16_t max_connections; /* of a session at a time */
	uint16_t max_sessions;	  /* of a user at a time */
	bool must_record;
};

/* Refused before or after the decision, by another word than a decision's. */
struct permit permit_no(const char *reason, const char *sentence);

/* The decision over a loaded view; pure. now is trusted UTC seconds. */
struct permit permit_from_view(
	const struct rights_view *view, const struct ask *ask, int64_t now);

/* The same over an open file of rights; refuses when it is corrupt. */
struct permit permit_from_rights(
	struct rights *rights, const struct ask *ask, int64_t now);

#endif
