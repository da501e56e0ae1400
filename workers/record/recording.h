/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one file of one recording: made once, only ever appended to, digested
 * as it grows.
 */
#ifndef JUMP_WORKERS_RECORD_RECORDING_H
#define JUMP_WORKERS_RECORD_RECORDING_H

#include <nettle/sha2.h>
#include <sys/types.h>

#include "workers/record/asciicast.h"

#define RECORDING_DIR	      "/var/lib/jump/recordings"
#define RECORDING_NAME_SIZE   96 /* "YYYY-MM-DD/SESSION.CONN.cast" */
#define RECORDING_DIGEST_SIZE 72 /* "sha256:" and 64 hex digits */

struct recording {
	int fd;
	int day_fd; /* its folder: synced once, after the first sync */
	char name[RECORDING_NAME_SIZE]; /* below the folder of recordings */
	int64_t start_ms;		/* BOOTTIME */
	int64_t synced_ms;
	bool dirty;	      /* written and not yet synced */
	uint64_t file_bytes;  /* in the file */
	uint64_t shown_bytes; /* of output in it */
	struct sha256_ctx digest;
	struct cast cast;
};

/*
 * Makes DIR/DAY/SESSION.CONN.cast with its header. DAY is id->started's in
 * UTC and is made when missing. Returns 0 or -errno; -EEXIST: there is one.
 */
int recording_begin(
	struct recording *r, const char *dir, const struct cast_identity *id);

/*
 * Appends one chunk of output resp. one event. Returns 0 once write(2) has
 * taken all of it: it survives the death of this process, and a power cut
 * once recording_sync() has run after it. -errno: it is not in the file.
 */
int recording_output(struct recording *r, const void *bytes, size_t len);
int recording_event(struct recording *r, char code, const char *text);

/* Brings what was written to the disk. 0 or -errno. */
int recording_sync(struct recording *r);

/* Free space of its file system, for people without privilege. */
int recording_free_mib(const struct recording *r, uint64_t *ret_mib);

/*
 * Writes the end event, syncs, and says what the digest of the whole file
 * is. The file is closed whatever happens. 0 or -errno.
 */
int recording_end(struct recording *r, const char *reason,
	char ret_digest[RECORDING_DIGEST_SIZE]);

#endif
