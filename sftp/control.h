/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What jump-sftp (the gate: it sees every byte of a file session, in a
 * process that can do nothing but read and write) and jumpshell (the broker:
 * it decides, connects, records, writes events) say to each other. One
 * message is one packet of a seqpacket socket. The gate asks and waits for
 * the answer, one question at a time; the broker speaks unasked only to say
 * that a link is over. Neither believes the other: each field is judged.
 */
#ifndef JUMP_SFTP_CONTROL_H
#define JUMP_SFTP_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/name.h"

#define CONTROL_FD	  3    /* of the gate; 0 and 1 are the client's */
#define CONTROL_NAME_SIZE 4097 /* a path on a target: bytes, then a NUL */
#define CONTROL_TEXT_SIZE 256  /* a sentence for people */
#define CONTROL_LINKS_MAX 16   /* targets open at a time in one session */
#define CONTROL_NO_LINK   255  /* of an EVENT that is about no target */
#define CONTROL_PATTERNS_MAX 8
#define CONTROL_PATTERN_SIZE 64

enum control_kind {
	CONTROL_NONE = 0, /* never sent */

	/* The gate asks. */
	CONTROL_LIST,	/* may I know the targets? -> TARGET ..., DONE */
	CONTROL_OPEN,	/* target -> OPENED with two descriptors, or REFUSED */
	CONTROL_EVENT,	/* link, event -> DONE: it is written, do it; REFUSED */
	CONTROL_CHECK,	/* link, event, one descriptor: the whole file in
			 * memory -> DONE: it may go on; REFUSED with a text */
	CONTROL_CLOSE,	/* link: no more use for it -> DONE */

	/* The broker answers. */
	CONTROL_TARGET, /* target: one that is open for files */
	CONTROL_OPENED, /* link, terms; descriptors: to read, to write */
	CONTROL_DONE,
	CONTROL_REFUSED, /* text: why, for the client's status */

	/* The broker, unasked; no answer. */
	CONTROL_OVER, /* link, text: its window has ended, or the like */

	CONTROL_KINDS
};

enum file_direction { FILE_NEITHER = 0, FILE_UP = 1, FILE_DOWN = 2 };

/* What one link may carry; of grant and conduit. The zero value is nothing. */
struct file_terms {
	uint8_t directions; /* bits of enum file_direction */
	bool checked;	    /* uploads are judged before they are released */
	uint64_t size_max;  /* bytes of one file */
	uint64_t spool_max; /* bytes of one file that is to be checked */
	uint32_t count_max; /* files on this link: what the session has left */
	uint8_t pattern_count; /* 0: any name */
	char patterns[CONTROL_PATTERNS_MAX][CONTROL_PATTERN_SIZE];
};

enum file_act {
	FILE_ACT_NONE = 0,
	FILE_ACT_BEGIN,	   /* a transfer is about to begin */
	FILE_ACT_TRANSFER, /* it is over: size, sum, whole or not, result */
	FILE_ACT_REMOVE,
	FILE_ACT_RENAME,   /* other: the new name */
	FILE_ACT_MKDIR,
	FILE_ACT_RMDIR,
	FILE_ACT_LINK,	   /* other: what it points to */
	FILE_ACT_ATTRIBUTES,
	FILE_ACT_LIST,	   /* a folder */
	FILE_ACT_LOOK,	   /* stat, lstat, readlink, realpath; folded */
	FILE_ACT_DENIED,   /* refused by the gate: text says why */
	FILE_ACTS
};

struct file_event {
	uint8_t act;	   /* enum file_act */
	uint8_t direction; /* enum file_direction, of a transfer */
	bool done;	   /* TRANSFER: the target said OK to all of it */
	bool whole;	   /* from the first byte to the last, in order */
	bool has_sum;
	uint32_t times;	   /* LOOK, DENIED: so many since the last one */
	uint64_t size;	   /* bytes that went over */
	uint8_t sum[32];   /* SHA-256 of a whole file */
	char name[CONTROL_NAME_SIZE];  /* as the target has it: "/etc/x" */
	char other[CONTROL_NAME_SIZE];
};

struct control {
	uint8_t kind; /* enum control_kind */
	/*
	 * 0..CONTROL_LINKS_MAX-1, given by OPENED. An EVENT may have
	 * CONTROL_NO_LINK (then target may name one that was asked for), and
	 * the events of what ended with a link come after its OVER, before
	 * its CLOSE: until then the number is not free.
	 */
	uint8_t link;
	char target[NAME_SIZE];
	char text[CONTROL_TEXT_SIZE];
	struct file_terms terms; /* OPENED */
	struct file_event event; /* EVENT, CHECK */
};

/*
 * Sends one message with up to two descriptors (-1: none), which stay the
 * caller's. Waits. Returns 0 or -errno.
 */
int control_send(int fd, const struct control *c, const int fds[2]);

/*
 * Takes one message. Descriptors that came are the caller's (-1: none came);
 * with ret_fds NULL none may come. Returns 0; -EAGAIN: none there (a socket
 * that does not wait); -EPIPE: the other end is gone; -EBADMSG: no message
 * of ours (kind, link, bool, or a text without its end): end the session.
 */
int control_receive(int fd, struct control *ret_control, int ret_fds[2]);

#endif
