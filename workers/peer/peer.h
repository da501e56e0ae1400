/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is at the other end of a Unix socket, by what the kernel says and by
 * nothing else: credentials, then a handle on that very process, then its
 * cgroup, then the session record.
 */
#ifndef JUMP_WORKERS_PEER_PEER_H
#define JUMP_WORKERS_PEER_PEER_H

#include "workers/peer/session.h"

/*
 * Names the session of the process that connected this Unix socket. The
 * process must still live when its cgroup has been read (else the pid could
 * be another's by now), and record and credentials must agree on the uid.
 * places NULL: the host's. Returns 0; -ESRCH: the peer is gone; -EPERM: uid
 * and record differ; -ENOENT and the other errors of session_by_cgroup().
 * All of them: refuse with reason "peer", never guess.
 * Source: unix(7), pidfd_open(2); threat T-PEER.
 */
int peer_session(int fd, const struct session_places *places,
	struct session_record *ret_session);

#endif
