/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moves the bytes of one connection between the person and ssh, past the
 * recorder, under the eye of the guard, until it is over.
 */
#ifndef JUMP_JUMPSHELL_PUMP_H
#define JUMP_JUMPSHELL_PUMP_H

#include <sys/types.h>

#include "jumpshell/guard.h"
#include "jumpshell/keypair.h"
#include "jumpshell/terminal.h"

#define PUMP_STATUS_NONE                                                       \
	255 /* as ssh says it when something of its own fails */

struct pump {
	struct terminal *terminal;
	struct guard *guard;
	struct keypair *keys; /* let go some time after ssh has read them */
	pid_t ssh;
	/* ssh's side: a terminal's outer end in the first two, or pipes; none
	 * of them waits, and the pump closes them */
	int to_ssh;
	int from_ssh[2];
	int record;	      /* the recorder; -1 when nothing is recorded */
	bool record_required; /* without it, end */
	/* called with each line that the person is, or would be, told */
	void (*told)(const struct pump *p, const char *text);
	void *told_to;
};

struct pump_end {
	int status;	    /* for our own exit */
	bool cut;	    /* by us, and not by the relay before us */
	const char *reason; /* NULL, or a word for text_end_reason() */
};

/* Runs it to its end; ssh has been waited for then. */
struct pump_end pump_run(struct pump *p);

#endif
