/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happened to files, told twice: as an event for both logs, and as one
 * readable line of the recording. Pure. Names are a target's or a stranger's
 * bytes; nothing of them reaches a terminal as it is.
 */
#ifndef JUMP_JUMPSHELL_FILEEVENT_H
#define JUMP_JUMPSHELL_FILEEVENT_H

#include "audit/event.h"
#include "sftp/control.h"

#define FILEEVENT_COMMAND_SIZE 401 /* audit records end at 2 KiB */
#define FILEEVENT_DIGEST_SIZE  80
/* Two names and a text of which each byte takes four, and words around. */
#define FILEEVENT_LINE_SIZE                                                    \
	(4 * (2 * CONTROL_NAME_SIZE + CONTROL_TEXT_SIZE) + 512)

struct fileevent {
	struct event event; /* borrows from here and from what it is made of */
	char command[FILEEVENT_COMMAND_SIZE];
	char digest[FILEEVENT_DIGEST_SIZE];
};

/*
 * The event of c->event with c->text, without anything about whose it is.
 * Returns 0, or -EINVAL for an act that has none.
 */
int fileevent_make(const struct control *c, struct fileevent *ret_event);

/* The line, ended as terminals want it. Returns its length. */
size_t fileevent_line(const struct control *c, char line[FILEEVENT_LINE_SIZE]);

/*
 * Bytes as one harmless piece of a line: printable ASCII and the letters of
 * UTF-8 stay, a backslash and all else become \ooo. Cut where the room ends.
 * Returns the length.
 */
size_t fileevent_escape(
	const char *bytes, size_t len, char *ret_text, size_t size);

#endif
