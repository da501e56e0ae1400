/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/fetch/download.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CONNECT_SEC 5L
#define ANSWER_SEC  (DOWNLOAD_WAIT_SEC + 15L)
#define MEDIA_TYPE  "application/jose"

void downloaded_done(struct downloaded *d)
{
	free(d->bytes);
	memset(d, 0, sizeof(*d));
}

struct transfer {
	CURL *curl;
	struct curl_slist *headers;
	struct downloaded got;
	size_t room;
	bool too_big;
};

static void transfer_done(struct transfer *t)
{
	curl_slist_free_all(t->headers);
	if (t->curl)
		curl_easy_cleanup(t->curl);
	downloaded_done(&t->got);
}

static size_t take_body(char *data, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	size_t len = size * count;

	if (len > DOWNLOAD_MAX_BYTES - t->got.len) {
		t->too_big = true;
		return 0;
	}
	if (t->got.len + len >= t->room) {
		size_t room = (t->got.len + len) * 2 + 4096;
		char *larger = realloc(t->got.bytes, room);

		if (!larger)
			return 0;
		t->got.bytes = larger;
		t->room = room;
	}
	memcpy(t->got.bytes + t->got.len, data, len);
	t->got.len += len;
	return len;
}

/* Of the headers only ETag matters: "..." of printable ASCII. */
static size_t take_header(char *data, size_t size, size_t count, void *arg)
{
	static const char name[] = "ETag:";
	struct transfer *t = arg;
	size_t len = size * count, at = sizeof(name) - 1, n = 0;

	if (len < at || strncasecmp(data, name, at) != 0)
		return len;
	while (at < len && data[at] == ' ')
		at++;
	for (; at < len && data[at] > ' ' && data[at] < 0x7f; at++) {
		if (n == sizeof(t->got.etag) - 1)
			return 0;
		t->got.etag[n++] = data[at];
	}
	t->got.etag[n] = '\0';
	return len;
}

static bool header_add(struct transfer *t, const char *line)
{
	struct curl_slist *longer = curl_slist_append(t->headers, line);

	if (longer)
		t->headers = longer;
	return longer != NULL;
}

static bool headers_prepare(struct transfer *t, const struct download *what)
{
	char line[DOWNLOAD_ETAG_SIZE + 32];

	snprintf(line, sizeof(line), "Prefer: wait=%d", DOWNLOAD_WAIT_SEC);
	if (!header_add(t, line) || !header_add(t, "Accept: " MEDIA_TYPE))
		return false;
	if (!what->etag)
		return true;
	snprintf(line, sizeof(line), "If-None-Match: %s", what->etag);
	return header_add(t, line);
}

/* Ours alone: one CA, no proxy, no redirect, no other protocol. */
static bool trust_prepare(CURL *c, const struct download *what)
{
	CURLcode r = curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);

	r |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	r |= curl_easy_setopt(
		c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	r |= curl_easy_setopt(c, CURLOPT_CAINFO, what->ca);
	r |= curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	r |= curl_easy_setopt(c, CURLOPT_SSLCERT, what->cert);
	r |= curl_easy_setopt(c, CURLOPT_SSLKEY, what->key);
	r |= curl_easy_setopt(c, CURLOPT_PROXY, "");
	r |= curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
#if LIBCURL_VERSION_NUM >= 0x075500
	r |= curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
#else
	r |= curl_easy_setopt(c, CURLOPT_PROTOCOLS, (long)CURLPROTO_HTTPS);
#endif
	return r == CURLE_OK;
}

static bool transfer_prepare(struct transfer *t, const struct download *what)
{
	char url[512];
	CURLcode r;
	int n = snprintf(url, sizeof(url), "%s/v1/snapshot", what->url);

	if (n < 0 || (size_t)n >= sizeof(url))
		return false;
	t->curl = curl_easy_init();
	if (!t->curl || !headers_prepare(t, what) ||
		!trust_prepare(t->curl, what))
		return false;
	r = curl_easy_setopt(t->curl, CURLOPT_URL, url);
	r |= curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->headers);
	r |= curl_easy_setopt(t->curl, CURLOPT_NOSIGNAL, 1L);
	r |= curl_easy_setopt(t->curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SEC);
	r |= curl_easy_setopt(t->curl, CURLOPT_TIMEOUT, ANSWER_SEC);
	r |= curl_easy_setopt(t->curl, CURLOPT_WRITEFUNCTION, take_body);
	r |= curl_easy_setopt(t->curl, CURLOPT_WRITEDATA, t);
	r |= curl_easy_setopt(t->curl, CURLOPT_HEADERFUNCTION, take_header);
	r |= curl_easy_setopt(t->curl, CURLOPT_HEADERDATA, t);
	return r == CURLE_OK;
}

/* 200 with a snapshot, 304 without; nothing else is an answer. */
static int judge(struct transfer *t, char ret_why[DOWNLOAD_WHY_SIZE])
{
	const char *type = NULL;
	long status = 0;

	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(t->curl, CURLINFO_CONTENT_TYPE, &type);
	if (status == 304) {
		downloaded_done(&t->got);
		return 0;
	}
	if (status == 200 && type && strcmp(type, MEDIA_TYPE) == 0 &&
		t->got.len > 0 && t->got.etag[0])
		return 0;
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
	struct transfer t = {0};
	char detail[CURL_ERROR_SIZE] = "";
	CURLcode code;
	int r = -EIO;

	if (!transfer_prepare(&t, what)) {
		snprintf(ret_why, DOWNLOAD_WHY_SIZE, "libcurl took no options");
		transfer_done(&t);
		return -EIO;
	}
	curl_easy_setopt(t.curl, CURLOPT_ERRORBUFFER, detail);
	code = curl_easy_perform(t.curl);
	if (t.too_big) {
		r = -EFBIG;
		snprintf(ret_why, DOWNLOAD_WHY_SIZE, "the answer is too large");
	} else if (code != CURLE_OK) {
		snprintf(ret_why, DOWNLOAD_WHY_SIZE, "%s",
			detail[0] ? detail : curl_easy_strerror(code));
	} else {
		r = judge(&t, ret_why);
	}
	if (r == 0) {
		*ret_got = t.got;
		t.got = (struct downloaded){0};
	}
	transfer_done(&t);
	return r;
}
