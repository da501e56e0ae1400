/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one decision: policy, request, grant and time in, a verdict and its
 * reason out. Pure and total: no clock, no I/O, no allocation; login, menu,
 * ssh, sftp, tunnel, certificate and web all ask here.
 */
#ifndef JUMP_POLICY_DECIDE_H
#define JUMP_POLICY_DECIDE_H

#include "policy/policy.h"

#define GRANT_APPROVERS_MAX 8
#define GRANT_SOURCES_MAX   8

/* What was approved, as the snapshot says it. Times are UTC seconds. */
struct grant {
	char id[ID_SIZE];
	char user[NAME_SIZE];
	uint32_t uid;
	size_t target_count;
	const char (*targets)[NAME_SIZE]; /* borrowed */
	struct proto_set protocols;
	char account[NAME_SIZE]; /* "": none, only protocols without one */
	int64_t not_before;
	int64_t not_after;
	bool revoked;
	size_t approver_count; /* distinct; the reader has checked */
	char approvers[GRANT_APPROVERS_MAX][NAME_SIZE];
	char ticket[ID_SIZE];
	enum record record; /* may ask for more than the conduit, never less */
	uint8_t files;
	size_t source_count; /* 0: from anywhere */
	struct network sources[GRANT_SOURCES_MAX];
};

enum channel {
	CHANNEL_NONE = 0,
	CHANNEL_LOGIN,    /* only: is a window open? target and proto unused */
	CHANNEL_BROKERED, /* jumpshell's own ssh, sftp */
	CHANNEL_TUNNEL,   /* -L, -J, -W, -D through the kernel's redirect */
};

struct request {
	const char *user;
	uint32_t uid;
	enum channel channel;
	const char *target;  /* NULL for CHANNEL_LOGIN */
	enum proto proto;
	uint16_t port; /* of PROTO_TCP; of the others 0: the first one */
	const char *account; /* NULL: the grant's */
	struct address source;
	bool recording; /* a live recording of this connection is proven; a
			 * listing sets it to ask "if it were recorded" */
	uint8_t files;  /* bits of enum files that must be allowed; 0: none */
};

/* The value is on disk and in logs: never renumber, append only. */
enum reason {
	REASON_UNSPECIFIED = 0, /* the zero value: denied, nobody said why */
	REASON_OK = 1,
	REASON_NO_GRANT,  /* nothing granted to this user */
	REASON_EARLY,     /* the window opens later */
	REASON_LATE,      /* the window is over */
	REASON_REVOKED,
	REASON_TARGET,    /* not among the granted targets */
	REASON_PROTOCOL,  /* target known, protocol not granted */
	REASON_ACCOUNT,
	REASON_SOURCE,    /* from an address the grant does not name */
	REASON_POLICY,    /* no conduit of the local policy carries it */
	REASON_LENGTH,    /* longer than the conduit's MaxWindow */
	REASON_APPROVALS, /* fewer approvers than the conduit asks for */
	REASON_RECORDING, /* must be recorded, and can't on this channel */
	REASON_REQUEST,   /* the request itself makes no sense */
	REASON_FILES,     /* no file transfer in this direction */
	REASON_COUNT
};
const char *reason_word(enum reason r);     /* "no_grant"; never NULL */
const char *reason_sentence(enum reason r); /* for people; never NULL */

struct decision {
	bool allow; /* the zero value denies */
	enum reason reason;
	const struct grant *grant;     /* which decided, or NULL */
	const struct target *target;   /* or NULL */
	const struct conduit *conduit; /* or NULL */
	struct origin origin;          /* the line that decided; file "" : none */
	int64_t until;      /* UTC s, end of the window; 0 when denied */
	int64_t next_open;  /* UTC s of the next opening, 0: none known */
	uint16_t port;
	enum record record;
	uint8_t files;
	uint32_t grace_sec;
	uint32_t otp_grace_sec;
	uint16_t max_sessions;
	uint16_t max_connections;
};

/*
 * Decides one request under one grant. now is trusted UTC seconds. A window
 * is [not_before, not_after). Total: any input yields a decision, and a
 * denial always has a reason other than REASON_UNSPECIFIED.
 */
struct decision policy_decide(const struct policy *policy,
	const struct request *request, const struct grant *grant, int64_t now);

/*
 * Decides under all grants of a user: allowed when one allows (the one that
 * lasts longest); else the denial that came closest to a yes. count 0 is
 * REASON_NO_GRANT.
 */
struct decision policy_decide_any(const struct policy *policy,
	const struct request *request, const struct grant *grants, size_t count,
	int64_t now);

#endif
