/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tries one way out of this host, as one uid: a child that drops to it,
 * tries, and says by its exit status how it went.
 */
#ifndef JUMP_JUMPCTL_PROBE_H
#define JUMP_JUMPCTL_PROBE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "policy/policy.h"

enum way {
	WAY_NONE = 0,
	WAY_TCP,
	WAY_UDP,
	WAY_ICMP,
	WAY_SOCKET, /* a Unix socket */
	WAY_EXEC,   /* may it run this file? */
};

/* What the child met. The zero value proves nothing. */
enum met {
	MET_UNKNOWN = 0, /* the probe itself failed */
	MET_OPEN,	 /* through, or at least out */
	MET_REFUSED,	 /* a reset, or an ICMP refusal */
	MET_DENIED,	 /* this kernel did not let it out */
	MET_PERMISSION,	 /* file modes, or no such socket for this uid */
	MET_NO_ROUTE,
	MET_SILENT, /* out, and no answer */
	MET_COUNT
};
const char *met_word(enum met m);
const char *way_word(enum way w);

struct probe {
	uid_t uid;
	enum way way;
	struct address address; /* TCP, UDP, ICMP */
	uint16_t port;
	const char *path; /* SOCKET, EXEC; borrowed */
};

/* Needs root. Takes 2 s at most. */
enum met probe_try(const struct probe *p);

#endif
