/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asking the workers: connecting to a socket of ours, and taking their one
 * line of answer apart.
 */
#ifndef JUMP_JUMPSHELL_ASK_H
#define JUMP_JUMPSHELL_ASK_H

#include <stddef.h>
#include <sys/types.h>

#define ASK_REASON_SIZE 32
#define ASK_TEXT_SIZE	256

/* A connected, close-on-exec socket of that type, or -errno. */
int ask_connect(const char *path, int type);

/* Waits until something can be read. 0, -ETIMEDOUT or -errno. */
int ask_wait(int fd, int timeout_ms);

/*
 * "ok TEXT\n" gives 0 and the text; "no REASON ...\n" gives -EACCES and the
 * reason; anything else -EBADMSG.
 */
struct ask_answer {
	char reason[ASK_REASON_SIZE];
	char text[ASK_TEXT_SIZE];
};
int ask_parse(const char *line, size_t len, struct ask_answer *ret_answer);

#endif
