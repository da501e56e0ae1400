/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One telnet session, locked in: bytes between the person's terminal and the
 * device, through the login dialogue first when there is one.
 */
#ifndef JUMP_TELNET_SESSION_H
#define JUMP_TELNET_SESSION_H

#include "telnet/expect.h"
#include "telnet/keyboard.h"
#include "telnet/verdict.h"

struct session {
	const char *target;		  /* for sentences */
	const char *account;		  /* what the dialogue sends */
	const struct expect_rules *rules; /* NULL: the person logs in */
	enum line_end line_end;
	bool terminal;
	unsigned cols, rows;
	int device;    /* the relay's socket */
	int messenger; /* with rules */
	int resized;   /* a signalfd for SIGWINCH */
};

/*
 * Runs it to its end, which has been said on stderr. Descriptors 0, 1 and
 * device do not wait. Uses what sandbox.h leaves.
 */
enum telnet_verdict session_run(const struct session *s);

#endif
