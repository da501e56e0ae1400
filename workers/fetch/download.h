/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One conditional GET of this bastion's snapshot, over mutual TLS, that waits
 * at the service for news. What comes back is only carried: nothing here
 * understands it, and jump-apply believes nothing of it.
 */
#ifndef JUMP_WORKERS_FETCH_DOWNLOAD_H
#define JUMP_WORKERS_FETCH_DOWNLOAD_H

#include <stddef.h>

#define DOWNLOAD_MAX_BYTES (64u << 20)
#define DOWNLOAD_ETAG_SIZE 72
#define DOWNLOAD_WHY_SIZE  320
#define DOWNLOAD_WAIT_SEC  30

struct download {
	const char *url;  /* "https://host:port", without a path */
	const char *cert; /* files of this bastion, PEM */
	const char *key;
	const char *ca;
	const char *etag; /* what we have, or NULL */
};

struct downloaded {
	char *bytes; /* owned, NULL: nothing new */
	size_t len;
	char etag[DOWNLOAD_ETAG_SIZE];
};
void downloaded_done(struct downloaded *d);
#define _cleanup_downloaded_ __attribute__((cleanup(downloaded_done)))

/*
 * Returns 0 with bytes, 0 without (the service has nothing new), or -EIO
 * (unreachable, not trusted, or an answer of another form; ret_why says it in
 * words for people). -EFBIG above DOWNLOAD_MAX_BYTES. Source: RFC 9110
 * section 13, RFC 7240 section 4.3; threat T-FETCH.
 */
int download(const struct download *what, struct downloaded *ret_got,
	char ret_why[DOWNLOAD_WHY_SIZE]);

#endif
