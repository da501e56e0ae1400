/* SPDX-License-Identifier: BSD-2-Clause */
/* libcurl, with everything that it would do by itself switched off. */
#include "https/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

#define CONNECT_MS 5000L

static void cleanup_curl(CURL **c)
{
	curl_easy_cleanup(*c);
}
static void cleanup_slist(struct curl_slist **l)
{
	curl_slist_free_all(*l);
}
#define _cleanup_curl_	_cleanup_(cleanup_curl)
#define _cleanup_slist_ _cleanup_(cleanup_slist)

void https_answer_done(struct https_answer *a)
{
	if (a->bytes)
		explicit_bzero(a->bytes, a->len);
	free(a->bytes);
	*a = (struct https_answer){0};
}

struct taking {
	struct https_answer answer;
	size_t room, max;
	bool too_large;
};

static bool make_room(struct taking *t, size_t more)
{
	size_t room = t->room ? t->room : 4096;
	char *larger;

	while (room < t->answer.len + more + 1)
		room *= 2;
	if (room == t->room)
		return true;
	larger = malloc(room); /* not realloc: what was there is wiped */
	if (!larger)
		return false;
	if (t->answer.bytes) {
		memcpy(larger, t->answer.bytes, t->answer.len);
		explicit_bzero(t->answer.bytes, t->answer.len);
		free(t->answer.bytes);
	}
	t->answer.bytes = larger;
	t->room = room;
	return true;
}

static size_t take_bytes(char *data, size_t one, size_t count, void *arg)
{
	struct taking *t = arg;
	size_t len = one * count;

	if (len > t->max - t->answer.len) {
		t->too_large = true;
		return 0;
	}
	if (!make_room(t, len))
		return 0;
	memcpy(t->answer.bytes + t->answer.len, data, len);
	t->answer.len += len;
	t->answer.bytes[t->answer.len] = '\0';
	return len;
}

/* The line's value when it has this name; it is not terminated. */
static void take_named(const char *line, size_t len, const char *name,
	char *ret_value, size_t size)
{
	size_t skip = strlen(name);

	if (len <= skip || strncasecmp(line, name, skip) != 0)
		return;
	while (skip < len && line[skip] == ' ')
		skip++;
	while (len > skip && strchr("\r\n ", line[len - 1]))
		len--;
	ret_value[0] = '\0';
	if (len - skip >= size || memchr(line + skip, '\0', len - skip))
		return;
	memcpy(ret_value, line + skip, len - skip);
	ret_value[len - skip] = '\0';
}

static size_t take_header(char *line, size_t one, size_t count, void *arg)
{
	struct taking *t = arg;

	take_named(line, one * count, "ETag:", t->answer.etag,
		sizeof(t->answer.etag));
	take_named(line, one * count, "Content-Type:", t->answer.type,
		sizeof(t->answer.type));
	return one * count;
}

static bool add(struct curl_slist **list, const char *line)
{
	struct curl_slist *more = curl_slist_append(*list, line);

	if (more)
		*list = more;
	return more != NULL;
}

static bool make_headers(
	const struct https_call *call, struct curl_slist **ret_list)
{
	char line[160];
	bool ok = add(ret_list, "Accept:") && add(ret_list, "Expect:");

	if (call->body) {
		snprintf(line, sizeof(line), "Content-Type: %s", call->type);
		ok = ok && add(ret_list, line);
	}
	if (call->etag && call->etag[0]) {
		snprintf(line, sizeof(line), "If-None-Match: %s", call->etag);
		ok = ok && add(ret_list, line);
	}
	if (call->wait_sec) {
		snprintf(line, sizeof(line), "Prefer: wait=%u", call->wait_sec);
		ok = ok && add(ret_list, line);
	}
	return ok;
}

static CURLcode restrict_protocol(CURL *c)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	return curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
#else
	return curl_easy_setopt(c, CURLOPT_PROTOCOLS, (long)CURLPROTO_HTTPS);
#endif
}

#define SET(option, value)                                                     \
	(e = e ? e : curl_easy_setopt(c, CURLOPT_##option, value))

static CURLcode set_transport(CURL *c, const struct https_call *call)
{
	CURLcode e = restrict_protocol(c);

	SET(NOSIGNAL, 1L);
	SET(PROXY, "");
	SET(NOPROXY, "*");
	SET(FOLLOWLOCATION, 0L);
	SET(NETRC, (long)CURL_NETRC_IGNORED);
	SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CONNECTTIMEOUT_MS, CONNECT_MS);
	SET(TIMEOUT_MS, call->timeout_ms);
	SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CAPATH, (char *)NULL);
	SET(SSL_VERIFYPEER, call->unverified ? 0L : 1L);
	SET(SSL_VERIFYHOST, call->unverified ? 0L : 2L);
	if (!call->unverified)
		SET(CAINFO, call->ca);
	if (call->certificate) {
		SET(SSLCERT, call->certificate);
		SET(SSLKEY, call->key);
	}
	return e;
}

static CURLcode set_request(CURL *c, const struct https_call *call,
	struct taking *taking, struct curl_slist *headers)
{
	CURLcode e = CURLE_OK;

	SET(HTTPHEADER, headers);
	SET(USERAGENT, "jump");
	SET(WRITEFUNCTION, take_bytes);
	SET(WRITEDATA, taking);
	SET(HEADERFUNCTION, take_header);
	SET(HEADERDATA, taking);
	SET(MAXFILESIZE_LARGE, (curl_off_t)call->answer_max);
	if (call->body) {
		SET(POST, 1L);
		SET(POSTFIELDS, call->body);
		SET(POSTFIELDSIZE_LARGE, (curl_off_t)call->body_len);
	}
	SET(CUSTOMREQUEST, call->method);
	return e;
}

static int map_error(CURLcode e, const struct taking *t)
{
	if (t->too_large)
		return -EMSGSIZE;
	switch (e) {
	case CURLE_OK:
		return 0;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
		return -EHOSTUNREACH;
	case CURLE_OPERATION_TIMEDOUT:
		return -ETIMEDOUT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return -EKEYREJECTED;
	case CURLE_FILESIZE_EXCEEDED:
		return -EMSGSIZE;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
		return -EINVAL;
	case CURLE_OUT_OF_MEMORY:
		return -ENOMEM;
	default:
		return -EIO;
	}
}

static int join_url(const struct https_call *call, char *ret_url, size_t size)
{
	size_t len = strlen(call->base);
	int n;

	if (strncmp(call->base, "https://", 8) != 0 || call->path[0] != '/')
		return -EINVAL;
	while (len > 8 && call->base[len - 1] == '/')
		len--;
	n = snprintf(ret_url, size, "%.*s%s", (int)len, call->base, call->path);
	return n > 0 && (size_t)n < size ? 0 : -EINVAL;
}

static CURLcode perform(CURL *c, const struct https_call *call, const char *url,
	struct taking *taking, struct curl_slist *headers, char *ret_why)
{
	CURLcode e = CURLE_OK;

	ret_why[0] = '\0';
	SET(ERRORBUFFER, ret_why);
	SET(URL, url);
	if (e == CURLE_OK)
		e = set_transport(c, call);
	if (e == CURLE_OK)
		e = set_request(c, call, taking, headers);
	if (e == CURLE_OK)
		e = curl_easy_perform(c);
	if (e == CURLE_OK)
		e = curl_easy_getinfo(
			c, CURLINFO_RESPONSE_CODE, &taking->answer.status);
	if (e != CURLE_OK && ret_why[0] == '\0')
		snprintf(ret_why, HTTPS_WHY_SIZE, "%s", curl_easy_strerror(e));
	return e;
}

int https_call(const struct https_call *call, struct https_answer *ret_answer,
	char *ret_why)
{
	_cleanup_curl_ CURL *c = NULL;
	_cleanup_slist_ struct curl_slist *headers = NULL;
	struct taking taking = {.max = call->answer_max};
	char url[HTTPS_URL_SIZE];
	CURLcode e;
	int r;

	_Static_assert(HTTPS_WHY_SIZE >= CURL_ERROR_SIZE, "libcurl's texts");
	snprintf(ret_why, HTTPS_WHY_SIZE, "the address is not https://…");
	if (call->unverified && (call->certificate || call->body))
		return -EINVAL;
	r = join_url(call, url, sizeof(url));
	if (r < 0)
		return r;
	c = curl_easy_init();
	if (!c || !make_headers(call, &headers) || !make_room(&taking, 0)) {
		https_answer_done(&taking.answer);
		return -ENOMEM;
	}
	taking.answer.bytes[0] = '\0';
	e = perform(c, call, url, &taking, headers, ret_why);
	r = map_error(e, &taking);
	if (r < 0)
		https_answer_done(&taking.answer);
	else
		*ret_answer = taking.answer;
	return r;
}
