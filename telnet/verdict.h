/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How jump-telnet ended, as its exit status says it to jumpshell, which
 * writes the event: jump-telnet itself can't write anywhere.
 */
#ifndef JUMP_TELNET_VERDICT_H
#define JUMP_TELNET_VERDICT_H

enum telnet_verdict {
	VERDICT_CLOSED = 0,	  /* by the person or the device */
	VERDICT_FIRST = 240,	  /* those below have an event */
	VERDICT_WRONG = 240,	  /* account or password was refused */
	VERDICT_ORDER = 241,	  /* the dialogue went another way */
	VERDICT_SLOW = 242,	  /* a prompt did not come */
	VERDICT_MUCH = 243,	  /* too much came without one */
	VERDICT_TELNET = 244,	  /* what the device sends is not telnet */
	VERDICT_CREDENTIAL = 245, /* the password could not be had */
	VERDICT_RULES = 246,	  /* the policy's words can't work with it */
	VERDICT_LAST = 246,
	VERDICT_NONE = 255, /* there was no connection; its refusal is told */
};

#endif
