/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way of output: from ssh into the window, to the recorder, and after its
 * acknowledgement to the person. Nothing here waits.
 */
#ifndef JUMP_JUMPSHELL_FLOW_H
#define JUMP_JUMPSHELL_FLOW_H

#include "jumpshell/notice.h"
#include "jumpshell/recorder.h"
#include "jumpshell/vtstate.h"
#include "jumpshell/window.h"

#define FLOW_STREAMS 2 /* standard output and standard error */

struct flow {
	struct window window;
	int from[FLOW_STREAMS]; /* ssh's, owned; -1: at its end */
	int to[FLOW_STREAMS];	/* the person's; -1: gone */
	int record;		/* -1: nothing is recorded */
	bool terminal;
	struct vtstate vt;
	char note[NOTICE_MAX]; /* a line of ours, on its way */
	size_t note_len, note_at;
	int64_t note_ms; /* BOOTTIME of its coming */
};

void flow_begin(struct flow *f, const int from[FLOW_STREAMS], int record,
	bool terminal);

/* Closes ssh's ends. */
void flow_end(struct flow *f);

/* Reads what ssh has. True when something came. */
bool flow_read(struct flow *f);

/* Sends to the recorder and takes its answers. 0; '!' with words in
 * ret_answer->text; -errno: it is gone. */
int flow_record(struct flow *f, struct ask_answer *ret_answer);

/* From now on unrecorded: what waits for the recorder is free to be shown. */
void flow_forget_recorder(struct flow *f);

/* Shows what may be shown. -EPIPE when nobody is there to see any of it. */
int flow_show(struct flow *f);

/* A line of ours, to be put in between when the terminal allows it. */
void flow_note(struct flow *f, const char *text, unsigned cols);

/* Everything that came was shown, and nothing more will come. */
bool flow_done(const struct flow *f);

/* What to poll for: events for from[], to[] and record, 0 for nothing. */
struct flow_wish {
	short from[FLOW_STREAMS], to[FLOW_STREAMS], record;
};
struct flow_wish flow_wish(struct flow *f);

/* Gives the memory of a burst back; call it when it has been quiet. */
void flow_rest(struct flow *f);

#endif
