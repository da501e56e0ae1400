/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One onward connection from beginning to end: decided, recorded, with a key
 * and a certificate of its own, to the host key that the policy pins.
 */
#ifndef JUMP_JUMPSHELL_ONWARD_H
#define JUMP_JUMPSHELL_ONWARD_H

#include "jumpshell/access.h"
#include "jumpshell/terminal.h"
#include "jumpshell/witness.h"

#define ONWARD_REFUSED 255 /* as ssh itself exits when it can't connect */

struct onward {
	struct access *access;
	const struct witness *witness;
	struct terminal *terminal;
	const char *target;
	enum proto proto;    /* ssh or telnet */
	const char *command; /* NULL: a shell */
	size_t command_len;
};

/*
 * Connects and returns the exit status of it all; what went wrong has been
 * said on stderr.
 */
int onward_run(const struct onward *o);

#endif
