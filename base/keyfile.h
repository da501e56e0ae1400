/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small state records of ours: "key=value" lines in a closed set of keys.
 * Session records, connection records, health, clock and one-time-code state
 * all have this one form, so there is one writer and one strict reader.
 *
 * Keys are [a-z][a-z0-9_]{0,31}; a value is printable ASCII without control
 * bytes, 0 to 512 bytes. A file is at most KEYFILE_MAX_BYTES.
 */
#ifndef JUMP_BASE_KEYFILE_H
#define JUMP_BASE_KEYFILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/fd.h"

#define KEYFILE_MAX_BYTES   8192
#define KEYFILE_MAX_ENTRIES 48
#define KEYFILE_VALUE_SIZE  513

struct keyfile {
	size_t count;
	size_t size; /* of bytes, which are wiped at the end */
	char *bytes; /* owned; keys and values point into it */
	struct {
		const char *key;
		const char *value;
	} entry[KEYFILE_MAX_ENTRIES];
};

void keyfile_done(struct keyfile *k);
#define _cleanup_keyfile_ __attribute__((cleanup(keyfile_done)))

/*
 * Reads dirfd/path through trusted_open(). Returns 0 or -errno; -EBADMSG for
 * a line of another form, a key twice, a missing last newline.
 */
int keyfile_read(int dirfd, const char *path, uid_t owner, struct keyfile *ret);
int keyfile_parse(const char *text, size_t len, struct keyfile *ret);

/* NULL resp. -ENOENT when the key is missing. */
const char *keyfile_text(const struct keyfile *k, const char *key);
int keyfile_number(
	const struct keyfile *k, const char *key, uint64_t *ret_value);

/*
 * Builds one: append pairs, then write. The first refused pair makes the
 * whole writer fail with its -errno at keyfile_writer_replace().
 */
struct keyfile_writer {
	int error;
	size_t len;
	char bytes[KEYFILE_MAX_BYTES];
};
void keyfile_add(
	struct keyfile_writer *w, const char *key, const char *value);
void keyfile_add_number(
	struct keyfile_writer *w, const char *key, uint64_t value);
int keyfile_writer_replace(const struct keyfile_writer *w, int dirfd,
	const struct fd_replace *how);

#endif
