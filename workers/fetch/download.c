/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/fetch/download.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "https/client.h"

#define ANSWER_MS  ((DOWNLOAD_WAIT_SEC + 15) * 1000L)
#define MEDIA_TYPE "application/jose"

void downloaded_done(struct downloaded *d)
{
	free(d->bytes);
	memset(d, 0, sizeof(*d));
}

/* As it will be written and sent: "..." of printable ASCII, not too long. */
static bool etag_good(const char *etag)
{
	size_t len = strlen(etag);

	if (len < 3 || len >= DOWNLOAD_ETAG_SIZE || etag[0] != '"' ||
		etag[len - 1] != '"')
		return false;
	for (size_t i = 0; i < len; i++)
		if (etag[i] <= ' ' || etag[i] >= 0x7f)
			return false;
	return true;
}

/* 200 with a snapshot, 304 without; nothing else is an answer. */
static int judge(struct https_answer *answer, struct downloaded *ret_got,
	char ret_why[DOWNLOAD_WHY_SIZE])
{
	long status = answer->status;

	if (status == 304)
		return 0;
	if (status == 200 && strcmp(answer->type, MEDIA_TYPE) == 0 &&
		answer->len > 0 && etag_good(answer->etag)) {
		ret_got->len = answer->len;
		ret_got->bytes = TAKE_PTR(answer->bytes);
		snprintf(ret_got->etag, sizeof(ret_got->etag), "%s",
			answer->etag);
		return 0;
	}
	snprintf(ret_why, DOWNLOAD_WHY_SIZE, "the service answered %ld%s%s",
		status, status == 200 ? " without a snapshot" : "",
		status == 401 || status == 403
			? " (is this bastion enrolled? jumpctl join)"
			: "");
	return -EIO;
}

int download(const struct download *what, struct downloaded *ret_got,
	char ret_why[DOWNLOAD_WHY_SIZE])
{
	_cleanup_https_answer_ struct https_answer answer = {0};
	const struct https_call call = {
		.method = "GET",
		.base = what->url,
		.path = "/v1/snapshot",
		.ca = what->ca,
		.certificate = what->cert,
		.key = what->key,
		.etag = what->etag,
		.wait_sec = DOWNLOAD_WAIT_SEC,
		.answer_max = DOWNLOAD_MAX_BYTES,
		.timeout_ms = ANSWER_MS,
	};
	char why[HTTPS_WHY_SIZE];
	int r = https_call(&call, &answer, why);

	if (r == 0)
		return judge(&answer, ret_got, ret_why);
	snprintf(ret_why, DOWNLOAD_WHY_SIZE, "%s",
		r == -EMSGSIZE ? "the answer is too large" : why);
	return r == -EMSGSIZE ? -EFBIG : -EIO;
}
