/* SPDX-License-Identifier: BSD-2-Clause */
/* Recordings as the verbs of `jumpctl recording` see them. */
#ifndef JUMP_JUMPCTL_RECORDING_H
#define JUMP_JUMPCTL_RECORDING_H

#include <limits.h>

#include "base/name.h"
#include "jumpctl/cast.h"
#include "jumpctl/command.h"

#define RECORDING_FOLDER "/var/lib/jump/recordings"
#define RECORDING_LIVE	 "/run/jump/live"

struct recording_ref {
	char path[PATH_MAX];
	char session[UUID_SIZE];
	char conn[CONN_SIZE];
	char day[11];
};

/*
 * Calls `each` for the recordings of one day ("2026-11-23"), or of all when
 * day is NULL, in the order of days and names. Stops when it returns other
 * than 0. Files of other names are passed over. Returns that, or -errno.
 */
int recording_each(const char *folder, const char *day,
	int (*each)(const struct recording_ref *ref, void *context),
	void *context);

/*
 * The recording that somebody named: a path, a connection, or the beginning
 * of a session's uuid that has one recording. 0; -ENOENT; -EEXIST: several.
 */
int recording_find(
	const char *folder, const char *word, struct recording_ref *ret_ref);

/* Opens it for reading: a regular file, not by a link. NULL sets errno. */
FILE *recording_open(const struct recording_ref *ref);

/* What became of it, after reading it to its end. */
struct recording_state {
	const char *word; /* "whole", "running", "killed", "torn", "broken" */
	char reason[32];  /* of the end event; "" without one */
	char why[CAST_WHY_SIZE];
	unsigned line;
	uint64_t duration_us, shown_bytes, events, file_bytes;
	int64_t changed_ns; /* of the file, last */
	char digest[72];    /* "sha256:..." of the file */
};
int recording_examine(
	const struct recording_ref *ref, struct recording_state *ret_state);

/*
 * The same by its last lines alone, for lists: word, reason, duration_us,
 * file_bytes and changed_ns. That it is whole in between is for
 * recording_examine().
 */
int recording_glance(const struct recording_ref *ref, FILE *f,
	struct recording_state *ret_state);

/* Text of a file on somebody's terminal: printable ASCII alone. */
void recording_print_text(FILE *out, const char *text);

#endif
