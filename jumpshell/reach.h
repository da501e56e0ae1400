/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a person's own machine is told: by which name and port this bastion
 * was reached, and which local port stands for which port of a target. One
 * plan, so that "tunnel" and "config" say the same.
 */
#ifndef JUMP_JUMPSHELL_REACH_H
#define JUMP_JUMPSHELL_REACH_H

#include "jumpshell/listing.h"

#define REACH_FORWARDS_MAX 256
#define REACH_SOCKS_PORT   1080

struct reach {
	char host[ADDRESS_TEXT_SIZE]; /* "192.0.2.1"; "BASTION": unknown */
	char login[NAME_SIZE + ADDRESS_TEXT_SIZE + 2]; /* "user@192.0.2.1" */
	unsigned port;
	char ssh_port[16];   /* "-p 2222 ", "" for 22 */
	char plink_port[16]; /* "-P 2222 ", "" for 22 */
};

void reach_look(const struct shell *s, struct reach *ret_reach);

struct forward {
	const struct target *target; /* of the view: until the next refresh */
	enum proto proto;
	uint16_t port, local;
	char address[ADDRESS_TEXT_SIZE + 2]; /* in brackets where it needs */
};

/*
 * What a tunnel is open to, at most `max` of it, each with a local port of
 * its own. Returns how many.
 */
size_t reach_forwards(struct shell *s, struct forward *ret, size_t max);

/* Is it looked at with a browser, by name through -D? */
static inline bool reach_is_web(enum proto p)
{
	return p == PROTO_HTTP || p == PROTO_HTTPS;
}

#endif
