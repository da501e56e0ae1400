/* SPDX-License-Identifier: BSD-2-Clause */
/* jumpshell's side of the recorder; see doc/architecture.md, "record.sock". */
#ifndef JUMP_JUMPSHELL_RECORDER_H
#define JUMP_JUMPSHELL_RECORDER_H

#include <stdbool.h>

#include "jumpshell/ask.h"
#include "jumpshell/terminal.h"
#include "policy/policy.h"

struct recorder_request {
	const char *conn;
	const char *target;
	const char *account;
	enum proto proto;
	const struct terminal *terminal; /* its TERM only when it is one */
	const char *command;		 /* NULL: a shell */
	size_t command_len;
};

/* Connects and asks; the recorder wakes up meanwhile. Descriptor or -errno. */
int recorder_begin(const struct recorder_request *q);

/* Waits for its "ok". 0; -EACCES with the reason; another -errno. */
int recorder_ready(int fd, struct ask_answer *ret_answer);

/*
 * Sends one packet of a kind. Returns 0; -EAGAIN: not now, poll for it (only
 * when wait is false); another -errno: the recorder is gone.
 */
int recorder_send(int fd, char kind, const void *bytes, size_t len, bool wait);

/* What it says: '.', or '!' with words in ret_answer->text. -EAGAIN when
 * nothing is there; another -errno: it is gone. */
int recorder_hear(int fd, struct ask_answer *ret_answer);

#endif
