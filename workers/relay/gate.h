/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What has to be so before any new connection is decided: a clock to trust,
 * published rights, a session begun under them, evidence that arrives.
 */
#ifndef JUMP_WORKERS_RELAY_GATE_H
#define JUMP_WORKERS_RELAY_GATE_H

#include "base/moment.h"
#include "grants/rights.h"
#include "workers/relay/identity.h"

struct gate {
	struct rights *rights; /* owned */
	struct moment_clock clock;
	bool audit_optional;
	const char *bastion; /* its Id, borrowed from rights */
};

void gate_done(struct gate *g);
#define _cleanup_gate_ __attribute__((cleanup(gate_done)))

/*
 * Opens it for one knock. Returns NULL with a gate to ask through, or the
 * reason to refuse: "peer", "clock", "error", "stale" or "audit".
 */
const char *gate_open(const struct identity *who, struct gate *ret_gate);

/* The sentence for people that goes with a reason of gate_open(). */
const char *gate_sentence(const char *reason);

#endif
