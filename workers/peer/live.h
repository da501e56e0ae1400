/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Live recordings: a small file under /run/jump/live that jump-record@ keeps
 * locked for as long as it records. Whoever is about to let a connection
 * through that must be recorded asks here; the lock goes with the process,
 * however that ends.
 */
#ifndef JUMP_WORKERS_PEER_LIVE_H
#define JUMP_WORKERS_PEER_LIVE_H

#include <stdint.h>

#include "base/name.h"

#define LIVE_DIR "/run/jump/live"

struct live {
	const char *conn;
	const char *session; /* uuid */
	uint32_t uid;
	const char *target;
	const char *proto; /* "ssh": it vouches for no other */
};

/*
 * The recorder: makes DIR/CONN (which must not exist) and locks it. Returns
 * the locked descriptor, which the caller keeps open, or -errno; -EEXIST: a
 * connection of that name has been. On error nothing stays behind.
 */
int live_create(const char *dir, const struct live *what);

/*
 * The recorder: removes what recorders that were killed left behind, that is
 * files which nobody holds locked; at most LIVE_SWEEP_MAX are looked at.
 */
#define LIVE_SWEEP_MAX 256
void live_sweep(const char *dir);

/*
 * The gates: is a recording of this connection, of this session, target and
 * protocol, alive right now? The file must belong to the owner of the folder. Returns
 * a descriptor for live_held(), or -ENOENT: no such recording, -ENOLCK: it
 * is over, -EPERM: it is another session's, target's or protocol's, another -errno. All
 * errors: not recorded.
 */
int live_open(const char *dir, const struct live *what);

/* Is the lock behind that descriptor still held by the recorder? */
bool live_held(int fd);

/* Did the recorder end it in order? It takes the file away then; one that was
 * killed leaves it. */
bool live_sealed(int fd);

#endif
