/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inbox: where the last snapshot lies for jump-apply, and the ETag that
 * says which it is. Both are replaced whole; the ETag goes last, so that a
 * crash in between only means one download more.
 */
#ifndef JUMP_WORKERS_FETCH_INBOX_H
#define JUMP_WORKERS_FETCH_INBOX_H

#include "workers/fetch/download.h"

#define INBOX_DIR      "/var/lib/jump/inbox"
#define INBOX_SNAPSHOT "snapshot.jws"
#define INBOX_ETAG     "etag"

/* The ETag of what lies there; "" when there is nothing to be conditional. */
void inbox_etag(int dirfd, char ret_etag[DOWNLOAD_ETAG_SIZE]);

/* Durable before it returns 0; else -errno. */
int inbox_put(int dirfd, const struct downloaded *got);

#endif
