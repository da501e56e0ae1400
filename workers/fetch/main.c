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
#include <unistd.h>

#include "base/cleanup.h"
#include "base/moment.h"
#include "base/proc.h"
#include "base/trusted.h"
#include "workers/fetch/inbox.h"

#define BASTION_DIR	 "/etc/jump/bastion"
#define PLACE_SIZE	 256
#define PAUSE_FIRST_MS	 500
#define PAUSE_MAX_MS	 3000 /* a revocation may wait there */
#define SAY_AGAIN_MS	 300000
#define GIVE_UP_AFTER_MS 600000 /* a fresh process reads fresh keys */

/* Whose identity, and where to. The defaults are root's to write; folders
 * that were named may be the caller's own. */
struct places {
	const char *identity, *inbox_dir;
	uid_t owner;
	char url[256];
	char ca[PLACE_SIZE], cert[PLACE_SIZE], key[PLACE_SIZE];
	int inbox;
};

static int name_file(const struct places *p, const char *name, char *ret_path)
{
	int n = snprintf(ret_path, PLACE_SIZE, "%s/%s", p->identity, name);

	return n > 0 && n < PLACE_SIZE ? 0 : -ENAMETOOLONG;
}

/* Where the service is: one line, written by `jumpctl join`. */
static int read_url(struct places *p)
{
	_cleanup_free_ char *text = NULL;
	char path[PLACE_SIZE];
	size_t len;
	int r = name_file(p, "url", path);

	if (r == 0)
		r = trusted_read(AT_FDCWD, path, p->owner, sizeof(p->url) - 1,
			&text, &len);
	if (r < 0)
		return r;
	if (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	if (strncmp(text, "https://", 8) != 0 || strcspn(text, " \t\n") != len)
		return -EBADMSG;
	memcpy(p->url, text, len + 1);
	return 0;
}

static int open_places(struct places *p)
{
	int r = read_url(p);

	if (r == 0)
		r = name_file(p, "ca.crt", p->ca);
	if (r == 0)
		r = name_file(p, "client.crt", p->cert);
	if (r == 0)
		r = name_file(p, "client.key", p->key);
	if (r < 0) {
		fprintf(stderr, "<3>%s/url: %s; run jumpctl join\n",
			p->identity, strerror(-r));
		return r;
	}
	p->inbox = open(p->inbox_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->inbox < 0) {
		fprintf(stderr, "<3>%s: %m\n", p->inbox_dir);
		return -ENOENT;
	}
	return 0;
}

static int fetch_once(const struct places *p, char why[DOWNLOAD_WHY_SIZE])
{
	_cleanup_downloaded_ struct downloaded got = {0};
	char etag[DOWNLOAD_ETAG_SIZE];
	struct download what = {
		.url = p->url, .cert = p->cert, .key = p->key, .ca = p->ca};
	int r;

	inbox_etag(p->inbox, etag);
	what.etag = etag[0] ? etag : NULL;
	r = download(&what, &got, why);
	if (r < 0 || !got.bytes)
		return r;
	r = inbox_put(p->inbox, &got);
	if (r < 0)
		snprintf(why, DOWNLOAD_WHY_SIZE, "%s: %s", p->inbox_dir,
			strerror(-r));
	else
		fprintf(stderr, "<6>snapshot %s, %zu bytes\n", got.etag,
			got.len);
	return r;
}

static int fetch_until_answered(const struct places *p)
{
	const int64_t start_ms = moment_boot_ms();
	int64_t said_ms = 0;
	int pause_ms = PAUSE_FIRST_MS;

	for (;;) {
		char why[DOWNLOAD_WHY_SIZE] = "";
		int r = fetch_once(p, why);
		int64_t now_ms = moment_boot_ms();

		if (r == 0) {
			if (said_ms)
				fputs("<5>the service answers again\n", stderr);
			return 0;
		}
		if (!said_ms || now_ms - said_ms >= SAY_AGAIN_MS) {
			fprintf(stderr, "<4>no answer from %s: %s\n", p->url,
				why);
			said_ms = now_ms;
		}
		if (now_ms - start_ms >= GIVE_UP_AFTER_MS)
			return r;
		(void)poll(NULL, 0, pause_ms);
		pause_ms = pause_ms * 2 > PAUSE_MAX_MS ? PAUSE_MAX_MS
						       : pause_ms * 2;
	}
}

/* -1: go on; else the exit status. */
static int read_options(int argc, char **argv, struct places *p)
{
	static const struct option options[] = {
		{"identity", required_argument, NULL, 'I'},
		{"inbox", required_argument, NULL, 'i'},
		{"help", no_argument, NULL, 'h'}, {0}};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'I') {
			p->identity = optarg;
			p->owner = geteuid();
		} else if (c == 'i') {
			p->inbox_dir = optarg;
		} else {
			break;
		}
	}
	if (c < 0 && optind == argc)
		return -1;
	fputs("usage: jump-fetch [--identity DIR] [--inbox DIR]\n"
	      "Waits for news of this bastion's grants and puts them into the "
	      "inbox. See jump-fetch(8).\n",
		c == 'h' ? stdout : stderr);
	return c == 'h' ? 0 : 2;
}

int main(int argc, char **argv)
{
	struct places p = {.identity = BASTION_DIR, .inbox_dir = INBOX_DIR};
	int r = proc_harden(0, NULL);

	if (r < 0)
		return 1;
	r = read_options(argc, argv, &p);
	if (r >= 0)
		return r;
	if (open_places(&p) < 0 ||
		curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return 1;
	return fetch_until_answered(&p) == 0 ? 0 : 1;
}
