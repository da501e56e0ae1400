/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads a recording back: line by line, strict about what the recorder
 * writes, patient with players' files. doc/formats/recording.md.
 */
#ifndef JUMP_JUMPCTL_CAST_H
#define JUMP_JUMPCTL_CAST_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CAST_LINE_MAX (1024 * 1024)
#define CAST_WHY_SIZE 160

struct cast_event {
	uint64_t t_us;
	char code; /* 'o' with its exact bytes; 'b' never shows on its own */
	const char *text; /* what players show; terminated, may hold no NUL */
	size_t text_len;
	const void *bytes; /* of 'o': exactly what was shown */
	size_t len;
};

struct cast_reader {
	FILE *file;	/* borrowed */
	json_t *header; /* owned */
	unsigned line;	/* of the last one read */
	bool torn;	/* the last line has no end: it was never promised */
	bool ended;	/* an 'e' event came */
	uint64_t last_us;
	char why[CAST_WHY_SIZE];
	char *buffer; /* owned, like what follows */
	size_t buffer_size;
	json_t *event, *bytes_event;
	uint8_t *exact;
};

/*
 * Opens it with the header line. Returns 0, or -EBADMSG with `why`.
 * cast_reader_done() in any case.
 */
int cast_reader_begin(struct cast_reader *r, FILE *file);
void cast_reader_done(struct cast_reader *r);
#define _cleanup_cast_ __attribute__((cleanup(cast_reader_done)))

/*
 * The next event; what it points to is good until the next call. Returns 1;
 * 0 at the end (look at torn and ended); -EBADMSG with `why` and `line`.
 */
int cast_next(struct cast_reader *r, struct cast_event *ret_event);

/* A member of the "jump" object of the header; "" when missing. */
const char *cast_identity_text(const struct cast_reader *r, const char *key);

#endif
