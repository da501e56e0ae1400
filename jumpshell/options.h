/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What ssh is told of one hop beyond its fixed configuration: how it is
 * reached, by what key or credential, and which old algorithms the policy
 * allows this one machine. "Name=value" each, which is a word behind -o and a
 * line of a configuration as well.
 */
#ifndef JUMP_JUMPSHELL_OPTIONS_H
#define JUMP_JUMPSHELL_OPTIONS_H

#include "jumpshell/keypair.h"
#include "jumpshell/route.h"

#define OPTIONS_MAX 24
#define OPTION_SIZE 256

struct options {
	size_t count;
	bool full; /* one did not fit: don't start */
	char text[OPTIONS_MAX][OPTION_SIZE];
};

/* conn and target: as the relay knows this connection. */
struct options_request {
	const char *conn;
	const char *target;
	enum proto proto;
	const struct route *route;
	const struct keypair *keys;
};

/* Those of hop `at`. Every word of others in them is a checked name. */
void options_of_hop(
	struct options *o, const struct options_request *q, size_t at);

/*
 * The same as a configuration file for the ssh that goes through a hop, for
 * each but the last, in the memory files of the keypair. 0 or -errno.
 */
int options_write_hops(const struct options_request *q);

/* Does any hop ask for a stored password? */
bool options_need_password(const struct route *r);

#endif
