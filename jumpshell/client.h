/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stock ssh client, started with arguments that are all ours; the only
 * words of others among them are names that were checked, and the command,
 * which ssh hands on as it is.
 */
#ifndef JUMP_JUMPSHELL_CLIENT_H
#define JUMP_JUMPSHELL_CLIENT_H

#include "jumpshell/keypair.h"
#include "jumpshell/route.h"
#include "jumpshell/terminal.h"
#include "policy/policy.h"

struct client_request {
	const char *conn;
	const char *target;
	enum proto proto; /* sftp: its subsystem, in the place of a command */
	const char *command; /* NULL: a shell */
	const struct terminal *terminal;
	const struct route *route; /* ends at the target */
	const struct keypair *keys;
};

struct client {
	pid_t pid;
	int in, out, err; /* our ends, not waiting; -1: none */
};

#define CLIENT_NONE                                                            \
	{                                                                      \
		.pid = 0, .in = -1, .out = -1, .err = -1                       \
	}

/* With a terminal of its own when the person has one; else with pipes. */
int client_start(struct client *c, const struct client_request *q);

/* The pump has waited for it, and has closed its descriptors. */
void client_forget(struct client *c);
void client_done(struct client *c);

#endif
