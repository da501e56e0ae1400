/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/fetch/inbox.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/keyfile.h"

void inbox_etag(int dirfd, char ret_etag[DOWNLOAD_ETAG_SIZE])
{
	_cleanup_keyfile_ struct keyfile k = {0};
	const char *etag;

	ret_etag[0] = '\0';
	if (faccessat(dirfd, INBOX_SNAPSHOT, R_OK, AT_SYMLINK_NOFOLLOW) < 0 ||
		keyfile_read(dirfd, INBOX_ETAG, geteuid(), &k) < 0)
		return;
	etag = keyfile_text(&k, "etag");
	if (etag && strlen(etag) < DOWNLOAD_ETAG_SIZE)
		snprintf(ret_etag, DOWNLOAD_ETAG_SIZE, "%s", etag);
}

int inbox_put(int dirfd, const struct downloaded *got)
{
	struct fd_replace how = {.name = INBOX_SNAPSHOT,
		.mode = 0644,
		.uid = (uid_t)-1,
		.gid = (gid_t)-1,
		.durable = 1};
	struct keyfile_writer w = {0};
	int r;

	/* what is in between must not look like the new one's ETag */
	(void)unlinkat(dirfd, INBOX_ETAG, 0);
	r = fd_replace_file(dirfd, &how, got->bytes, got->len);
	if (r < 0)
		return r;
	keyfile_add(&w, "etag", got->etag);
	how.name = INBOX_ETAG;
	return keyfile_writer_replace(&w, dirfd, &how);
}
