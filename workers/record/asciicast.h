/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A recording as text: asciicast version 2 with our additions, as
 * doc/formats/recording.md has it. Pure: bytes in, lines out.
 */
#ifndef JUMP_WORKERS_RECORD_ASCIICAST_H
#define JUMP_WORKERS_RECORD_ASCIICAST_H

#include "workers/record/castbuf.h"

#define CAST_FORMAT    1
#define CAST_CHUNK_MAX 65536
/* A chunk of any bytes fits with all that is put around it. */
#define CAST_BUF_SIZE (1024 * 1024)

/* Who and what is recorded; strings are borrowed, "" where unknown. */
struct cast_identity {
	const char *bastion, *session, *conn, *grant, *ticket;
	const char *user, *target, *proto, *zone, *account, *source, *key;
	const char *via; /* NULL: it is reached from here */
	uint32_t uid, auid, ses;
	uint16_t source_port;
	int64_t started, window_end; /* UTC s */
	const char *term;	     /* "" without a terminal */
	unsigned cols, rows;
	const void *command; /* any bytes; NULL: a shell */
	size_t command_len;
};

void cast_header(struct castbuf *b, const struct cast_identity *id);

/* What stands between the chunks of one recording. */
struct cast {
	uint8_t cut[4]; /* a character of which the rest is still to come */
	size_t cut_len;
};

/*
 * The events of one chunk of output (at most CAST_CHUNK_MAX bytes), t_us
 * after the start. The bytes can be had back exactly from each chunk alone.
 */
void cast_output(struct cast *c, struct castbuf *b, uint64_t t_us,
	const void *bytes, size_t len);

/* Any other event: one code letter and its text. */
void cast_event(struct castbuf *b, uint64_t t_us, char code, const char *text);

#endif
