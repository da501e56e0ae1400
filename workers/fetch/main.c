/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump-fetch: waits at the service for news of this bastion's grants, puts
 * them into the inbox and exits; its unit starts it again. While the service
 * is away it tries again with growing pauses, and says so once and then every
 * five minutes, not at each try.
 */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/moment.h"
#include "base/proc.h"
#include "base/trusted.h"
#include "workers/fetch/inbox.h"

#define BASTION_DIR	 "/etc/jump/bastion"
#define URL_FILE	 BASTION_DIR "/url"
#define PAUSE_FIRST_MS	 500
#define PAUSE_MAX_MS	 15000
#define SAY_AGAIN_MS	 300000
#define GIVE_UP_AFTER_MS 600000 /* a fresh process reads fresh keys */

/* Where the service is: one line, written by `jumpctl join`. */
static int service_url(char *ret_url, size_t size)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r = trusted_read(AT_FDCWD, URL_FILE, 0, size - 1, &text, &len);

	if (r < 0)
		return r;
	if (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	if (strncmp(text, "https://", 8) != 0 || strcspn(text, " \t\n") != len)
		return -EBADMSG;
	memcpy(ret_url, text, len + 1);
	return 0;
}

static int fetch_once(int inbox, const char *url, char why[DOWNLOAD_WHY_SIZE])
{
	_cleanup_downloaded_ struct downloaded got = {0};
	char etag[DOWNLOAD_ETAG_SIZE];
	struct download what = {.url = url,
		.cert = BASTION_DIR "/client.crt",
		.key = BASTION_DIR "/client.key",
		.ca = BASTION_DIR "/ca.crt"};
	int r;

	inbox_etag(inbox, etag);
	what.etag = etag[0] ? etag : NULL;
	r = download(&what, &got, why);
	if (r < 0 || !got.bytes)
		return r;
	r = inbox_put(inbox, &got);
	if (r < 0)
		snprintf(why, DOWNLOAD_WHY_SIZE, "%s: %s", INBOX_DIR,
			strerror(-r));
	else
		fprintf(stderr, "<6>snapshot %s, %zu bytes\n", got.etag,
			got.len);
	return r;
}

static int fetch_until_answered(int inbox, const char *url)
{
	const int64_t start_ms = moment_boot_ms();
	int64_t said_ms = 0;
	int pause_ms = PAUSE_FIRST_MS;

	for (;;) {
		char why[DOWNLOAD_WHY_SIZE] = "";
		int r = fetch_once(inbox, url, why);
		int64_t now_ms = moment_boot_ms();

		if (r == 0) {
			if (said_ms)
				fputs("<5>the service answers again\n", stderr);
			return 0;
		}
		if (!said_ms || now_ms - said_ms >= SAY_AGAIN_MS) {
			fprintf(stderr, "<4>no answer from %s: %s\n", url, why);
			said_ms = now_ms;
		}
		if (now_ms - start_ms >= GIVE_UP_AFTER_MS)
			return r;
		(void)poll(NULL, 0, pause_ms);
		pause_ms = pause_ms * 2 > PAUSE_MAX_MS ? PAUSE_MAX_MS
						       : pause_ms * 2;
	}
}

static int usage(int argc, char **argv)
{
	static const struct option options[] = {
		{"help", no_argument, NULL, 'h'}, {0}};
	int c = getopt_long(argc, argv, "h", options, NULL);

	if (c < 0 && optind == argc)
		return -1;
	fputs("usage: jump-fetch\n"
	      "Waits for news of this bastion's grants and puts them into the "
	      "inbox. See jump-fetch(8).\n",
		c == 'h' ? stdout : stderr);
	return c == 'h' ? 0 : 2;
}

int main(int argc, char **argv)
{
	_cleanup_close_ int inbox = -1;
	char url[256];
	int r = proc_harden(0, NULL);

	if (r < 0)
		return 1;
	r = usage(argc, argv);
	if (r >= 0)
		return r;
	r = service_url(url, sizeof(url));
	if (r < 0) {
		fprintf(stderr, "<3>%s: %s; run jumpctl join\n", URL_FILE,
			strerror(-r));
		return 1;
	}
	inbox = open(INBOX_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (inbox < 0) {
		fprintf(stderr, "<3>%s: %m\n", INBOX_DIR);
		return 1;
	}
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return 1;
	return fetch_until_answered(inbox, url) == 0 ? 0 : 1;
}
