/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One target of a file session: the link that was opened to it, what it may
 * carry, its recording, and its end. The bytes are the gate's.
 */
#ifndef JUMP_JUMPSHELL_FILELINK_H
#define JUMP_JUMPSHELL_FILELINK_H

#include "jumpshell/link.h"
#include "sftp/control.h"

#define FILELINK_ERR_SIZE   256	  /* of one line of ssh's standard error */
#define FILELINK_LINES_SIZE 65536 /* one packet of the recorder's */

enum filelink_state {
	FILELINK_FREE = 0,
	FILELINK_OPEN,
	FILELINK_OVER,	 /* the gate knows, and has not closed it yet */
	FILELINK_CLOSED, /* by the gate; ssh is still on its way out */
};

struct filelink {
	enum filelink_state state;
	char target[NAME_SIZE];
	struct link link;
	struct file_terms terms;
	char generation[ACCESS_GENERATION_SIZE]; /* that the terms are of */
	char lines[FILELINK_LINES_SIZE];	 /* for the recorder, waiting */
	size_t lines_len;
	unsigned unanswered; /* pieces that the recorder has */
	bool recorder_lost;
	char recorder_said[ASK_TEXT_SIZE]; /* that it has to end */
	bool exited;
	int status;
	int64_t keys_ms, left_ms, killed_ms; /* BOOTTIME; 0: not */
	char err[FILELINK_ERR_SIZE];	     /* a line that is coming */
	size_t err_len;
	unsigned err_lines;
};

/* What the loop shall tell the gate: it is over, and why. */
struct filelink_end {
	bool is;
	char text[CONTROL_TEXT_SIZE];
};

struct filelink_request {
	struct access *access;
	const struct witness *witness;
	const struct terminal *terminal;
	const char *target;
	uint32_t begun; /* files that this session has moved there before */
};

/*
 * Opens it. Returns 0, with the link's descriptors for the gate in
 * link.client.out and .in; -EACCES with a sentence in ret_text.
 */
int filelink_open(struct filelink *l, const struct filelink_request *q,
	char ret_text[CONTROL_TEXT_SIZE]);

/* The gate has its copies: ours go. */
void filelink_handed_over(struct filelink *l);

/*
 * A line for the recording, which has it in this order and soon: what it says
 * is in both logs before. False when the link must not go on without one
 * (then filelink_look() ends it).
 */
bool filelink_record(struct filelink *l, const char *line, size_t len);

/* The recorder has something to say. False: it needs a look. */
bool filelink_hear(struct filelink *l);

/* Looks after window, terms, recorder, ssh, and time; each round of a loop. */
struct filelink_end filelink_look(struct filelink *l);

/* The gate has something to tell of it: ssh has read its key, or will soon. */
void filelink_speaks(struct filelink *l);

/* For poll(2): the recorder's descriptor and ssh's standard error, or -1. */
int filelink_recorder_fd(const struct filelink *l);
int filelink_error_fd(const struct filelink *l);
int filelink_wait_ms(const struct filelink *l);

/* The gate closed it, or is gone. */
void filelink_close(struct filelink *l);

/* A file session's word on standard error; never waits for who reads it. */
void filelink_say(const char *target, const char *text);

#endif
