/* SPDX-License-Identifier: BSD-2-Clause */
/* Keys and certificates as files of one folder. */
#include "approvals/desk/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "approvals/desk/journal.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/trusted.h"

#define CA_DAYS	    3650
#define SERVER_DAYS 3650 /* the CA's own life: it serves nobody else */

static void cleanup_text(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(*text);
}
#define _cleanup_text_ _cleanup_(cleanup_text)

static int complain(const char *dir, const char *name, int error)
{
	journal_line(JOURNAL_ERROR, "%s/%s: %s", dir, name, strerror(-error));
	return error;
}

static int open_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Ours, or root's: credentials that systemd handed in are root's. */
static int read_text(int dirfd, const char *name, char **ret_text)
{
	size_t len = 0;
	int r;

	r = trusted_read(dirfd, name, geteuid(), PKI_PEM_MAX, ret_text, &len);
	if (r == -EPERM && geteuid() != 0)
		r = trusted_read(dirfd, name, 0, PKI_PEM_MAX, ret_text, &len);
	if (r == 0 && strlen(*ret_text) != len) {
		free(TAKE_PTR(*ret_text));
		r = -EBADMSG;
	}
	return r;
}

static int write_new(int dirfd, const char *name, const char *text)
{
	static const struct fd_replace form = {
		.mode = 0600, .uid = (uid_t)-1, .gid = (gid_t)-1, .durable = 1};
	struct fd_replace how = form;

	how.name = name;
	if (faccessat(dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return -EEXIST;
	return fd_replace_file(dirfd, &how, text, strlen(text));
}

static bool exists(int dirfd, const char *name)
{
	return faccessat(dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The certificate last: a key without one is made anew, never the reverse. */
static int write_pair(int dirfd, const char *certificate_name,
	const char *key_name, const struct issued *pair)
{
	int r;

	if (exists(dirfd, key_name) && unlinkat(dirfd, key_name, 0) < 0)
		return -errno;
	r = write_new(dirfd, key_name, pair->key);
	return r < 0 ? r
		     : write_new(dirfd, certificate_name, pair->certificate);
}

static int make_ca(int dirfd, const char *issuer, int64_t now)
{
	_cleanup_issued_ struct issued ca = {0};
	char name[NAME_SIZE + 16];
	int r;

	if (exists(dirfd, KEY_FILE_CA))
		return 0;
	snprintf(name, sizeof(name), "jump %s CA", issuer);
	r = authority_make(name, now, CA_DAYS, &ca);
	return r < 0 ? r : write_pair(dirfd, KEY_FILE_CA, KEY_FILE_CA_KEY, &ca);
}

static int open_authority(int dirfd, struct authority **ret, char **ret_pem)
{
	_cleanup_text_ char *certificate = NULL, *key = NULL;
	int r;

	r = read_text(dirfd, KEY_FILE_CA, &certificate);
	if (r == 0)
		r = read_text(dirfd, KEY_FILE_CA_KEY, &key);
	if (r == 0)
		r = authority_open(certificate, key, ret);
	if (r == 0 && ret_pem)
		*ret_pem = TAKE_PTR(certificate);
	return r;
}

static int make_server(
	int dirfd, const char *issuer, const char *const *names, int64_t now)
{
	_cleanup_authority_ struct authority *a = NULL;
	_cleanup_issued_ struct issued server = {0};
	struct certificate_wish wish = {.name = issuer,
		.names = names,
		.now = now,
		.days = SERVER_DAYS};
	int r;

	if (exists(dirfd, KEY_FILE_SERVER))
		return 0;
	r = open_authority(dirfd, &a, NULL);
	if (r == 0)
		r = authority_issue(a, &wish, &server);
	return r < 0 ? r
		     : write_pair(dirfd, KEY_FILE_SERVER, KEY_FILE_SERVER_KEY,
			       &server);
}

static int make_signer(int dirfd)
{
	_cleanup_signer_ struct signer signer = {0};
	_cleanup_text_ char *text = NULL;
	int r;

	if (exists(dirfd, KEY_FILE_SIGNER))
		return 0;
	r = signer_make(&signer);
	if (r == 0)
		r = signer_format(&signer, &text);
	return r < 0 ? r : write_new(dirfd, KEY_FILE_SIGNER, text);
}

int keys_make(const struct approvals_settings *settings,
	const char *const *names, int64_t now)
{
	const char *dir = settings->key_dir;
	_cleanup_close_ int dirfd = open_dir(dir);
	int r;

	if (dirfd < 0)
		return complain(dir, "", dirfd);
	r = make_ca(dirfd, settings->issuer, now);
	if (r < 0)
		return complain(dir, KEY_FILE_CA, r);
	r = make_server(dirfd, settings->issuer, names, now);
	if (r < 0)
		return complain(dir, KEY_FILE_SERVER, r);
	r = make_signer(dirfd);
	return r < 0 ? complain(dir, KEY_FILE_SIGNER, r) : 0;
}

static int open_signer(int dirfd, struct signer *ret_signer)
{
	_cleanup_text_ char *text = NULL;
	int r;

	r = read_text(dirfd, KEY_FILE_SIGNER, &text);
	return r < 0 ? r : signer_parse(text, strlen(text), ret_signer);
}

int keys_open(struct service *s)
{
	const char *dir = s->settings.key_dir;
	_cleanup_close_ int dirfd = open_dir(dir);
	int r;

	if (dirfd < 0)
		return complain(dir, "", dirfd);
	r = open_authority(dirfd, &s->authority, &s->ca_pem);
	if (r < 0)
		return complain(dir, KEY_FILE_CA, r);
	r = read_text(dirfd, KEY_FILE_SERVER, &s->server_pem);
	if (r == 0)
		r = read_text(dirfd, KEY_FILE_SERVER_KEY, &s->server_key_pem);
	if (r < 0)
		return complain(dir, KEY_FILE_SERVER, r);
	r = open_signer(dirfd, &s->signer);
	return r < 0 ? complain(dir, KEY_FILE_SIGNER, r) : 0;
}
