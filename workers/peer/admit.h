/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a worker must know before it does anything for the process at the
 * other end of its socket: whose session it is, and that this session may
 * reach that target right now by the one decision.
 */
#ifndef JUMP_WORKERS_PEER_ADMIT_H
#define JUMP_WORKERS_PEER_ADMIT_H

#include "grants/rights.h"
#include "policy/way.h"
#include "workers/peer/peer.h"

struct admission {
	struct session_record session;
	struct rights_info info;
	char grant[ID_SIZE];
	char ticket[ID_SIZE];
	char account[NAME_SIZE];
	char zone[NAME_SIZE];
	char address[ADDRESS_TEXT_SIZE]; /* of the target, its first */
	struct address target_address[POLICY_ADDRS_MAX];
	size_t target_address_count;
	size_t network_count; /* of the zone */
	struct network networks[POLICY_NETWORKS_MAX];
	/* Of the zone of what it is behind: connections come from there. */
	bool behind;
	size_t before_count;
	struct network before[POLICY_NETWORKS_MAX];
	enum credential credential;
	char via[WAY_TEXT_SIZE]; /* of the connection: "first,second" */
	int64_t now; /* trusted UTC s of the decision */
	int64_t until;
	uint32_t grace_sec;
	char file_check[POLICY_FILE_CHECK_SIZE]; /* of the conduit; "": none */
	uint64_t file_check_max;
};

struct admission_request {
	const char *target;
	enum proto proto;    /* PROTO_NONE: ssh */
	const char *account; /* NULL: the grant's, or the hop's */
	const char *hop;     /* NULL, or one that the target is behind: what
			      * is asked for is that one's */
	const char *conn;
	bool is_recorder; /* the caller itself is the recording */
};

/*
 * Decides CHANNEL_BROKERED, the protocol, the account on the target (or that
 * the hop is on the way to it, and the account what hops are logged in to by) for the session
 * behind the socket; recorded is what the recorder asks for itself, or what
 * has a live recording of this connection, session, target and protocol. Returns 0
 * with everything in ret filled; else -errno and *ret_reason, one word of the
 * closed set: "peer", "clock", "stale", "audit", "error", or the decision's. As
 * far as the session could be told it is in ret, for the refusal's event.
 */
int admit(int fd, const struct admission_request *q, struct admission *ret,
	const char **ret_reason);

#endif
