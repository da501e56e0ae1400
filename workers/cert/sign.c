/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers/cert/sign.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/proc.h"
#include "base/trusted.h"

#define KEYGEN	       "/usr/bin/ssh-keygen"
#define KEYGEN_WAIT_MS 10000
#define ANY_PORT       22 /* a route has none, but connect(2) wants one */
#define FOLDER_SIZE    32

static socklen_t to_sockaddr(
	const struct address *a, struct sockaddr_storage *ret)
{
	struct sockaddr_in *four = (void *)ret;
	struct sockaddr_in6 *six = (void *)ret;

	memset(ret, 0, sizeof(*ret));
	ret->ss_family = a->family;
	if (a->family == AF_INET) {
		memcpy(&four->sin_addr, a->bytes, sizeof(four->sin_addr));
		four->sin_port = htons(ANY_PORT);
		return sizeof(*four);
	}
	memcpy(&six->sin6_addr, a->bytes, sizeof(six->sin6_addr));
	six->sin6_port = htons(ANY_PORT);
	return sizeof(*six);
}

/* A connected datagram socket knows its own address and sends nothing. */
static int source_for(const struct address *to, struct address *ret_source)
{
	_cleanup_close_ int fd =
		socket(to->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage ss;
	socklen_t len = to_sockaddr(to, &ss);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&ss, len) < 0)
		return -errno;
	len = sizeof(ss);
	if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0)
		return -errno;
	return address_from_sockaddr((const struct sockaddr *)&ss, ret_source);
}

static int add_source(const struct network *n,
	char text[SIGN_SOURCES_SIZE], size_t *len)
{
	char address[ADDRESS_TEXT_SIZE];
	int added = snprintf(text + *len, SIGN_SOURCES_SIZE - *len, "%s%s/%d",
		*len ? "," : "",
		address_format(&n->address, address, sizeof(address)),
		n->prefix);

	if (added < 0 || (size_t)added >= SIGN_SOURCES_SIZE - *len)
		return -EMSGSIZE;
	*len += (size_t)added;
	return 0;
}

/* By which of its addresses the hop before comes is that machine's own
 * affair; it is one of the zone that it or the target is in. */
static int sources_behind(
	const struct admission *a, char ret_text[SIGN_SOURCES_SIZE])
{
	size_t len = 0;
	int r = 0;

	for (size_t i = 0; i < a->before_count && r == 0; i++)
		r = add_source(&a->before[i], ret_text, &len);
	for (size_t i = 0; i < a->network_count && r == 0; i++)
		r = add_source(&a->networks[i], ret_text, &len);
	return r < 0 ? r : len ? 0 : -ENETUNREACH;
}

int sign_sources(const struct admission *a, char ret_text[SIGN_SOURCES_SIZE])
{
	size_t len = 0;

	if (a->behind)
		return sources_behind(a, ret_text);
	for (size_t i = 0; i < a->target_address_count; i++) {
		struct network one;
		int r;

		if (source_for(&a->target_address[i], &one.address) < 0)
			continue; /* no IPv6 here: the other one counts */
		one.prefix = one.address.family == AF_INET ? 32 : 128;
		r = add_source(&one, ret_text, &len);
		if (r < 0)
			return r;
	}
	return len ? 0 : -ENETUNREACH;
}

struct arguments {
	char id[256], valid[32], source[SIGN_SOURCES_SIZE + 16], serial[24];
	char key[FOLDER_SIZE + 16];
};

/* On a hop the way on and nothing else; a terminal where one is asked for. */
static const char *permission(const struct cert_request *q)
{
	if (q->hop[0])
		return "permit-port-forwarding";
	return q->proto == PROTO_SSH ? "permit-pty" : "clear";
}

static int build(const struct sign *s, const char *folder, struct arguments *a)
{
	const struct admission *who = s->admission;
	int64_t left = who->until - who->now;
	int n;

	if (left <= 0)
		return -ETIME;
	if (left > SIGN_VALID_SEC)
		left = SIGN_VALID_SEC;
	n = snprintf(a->id, sizeof(a->id),
		"grant=%s user=%s session=%s conn=%s", who->grant,
		who->session.user, who->session.uuid, s->request->conn);
	if (n < 0 || (size_t)n >= sizeof(a->id))
		return -EMSGSIZE;
	snprintf(a->valid, sizeof(a->valid), "-1m:+%llds", (long long)left);
	snprintf(a->source, sizeof(a->source), "source-address=%s", s->sources);
	/* the serial is the connection, so that a target's log names it */
	snprintf(a->serial, sizeof(a->serial), "%llu",
		strtoull(s->request->conn, NULL, 16));
	snprintf(a->key, sizeof(a->key), "%s/key.pub", folder);
	return 0;
}

static int run_keygen(const struct sign *s, const struct arguments *a)
{
	const char *const argv[] = {KEYGEN, "-q", "-s", s->ca_path, "-I", a->id,
		"-n", s->admission->account, "-z", a->serial, "-V", a->valid,
		"-O", "clear", "-O",
		s->request->hop[0] ? "force-command=/bin/false" : "clear", "-O",
		permission(s->request), "-O", a->source, a->key, NULL};
	static const char *const envp[] = {
		"PATH=/usr/bin:/bin", "LC_ALL=C", NULL};
	const struct proc_run run = {
		.argv = argv, .envp = envp, .timeout_ms = KEYGEN_WAIT_MS};
	int r = proc_run(&run);

	return r > 0 ? -EIO : r;
}

static int take_result(int dirfd, char ret_line[SIGN_CERT_SIZE])
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r = trusted_read(dirfd, "key-cert.pub", geteuid(),
		SIGN_CERT_SIZE - 1, &text, &len);

	if (r < 0)
		return r;
	if (len < 2 || text[len - 1] != '\n' || memchr(text, '\n', len - 1) ||
		strlen(text) != len)
		return -EBADMSG;
	memcpy(ret_line, text, len + 1);
	return 0;
}

static int put_key(int dirfd, const char *key)
{
	_cleanup_close_ int fd = openat(dirfd, "key.pub",
		O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	return fd < 0 ? -errno : fd_write_all(fd, key, strlen(key));
}

int sign_certificate(const struct sign *s, char ret_line[SIGN_CERT_SIZE])
{
	char folder[FOLDER_SIZE] = "/tmp/jump-cert.XXXXXX";
	_cleanup_close_ int dirfd = -1;
	struct arguments a;
	int r;

	if (!mkdtemp(folder))
		return -errno;
	dirfd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	r = dirfd < 0 ? -errno : build(s, folder, &a);
	if (r == 0)
		r = put_key(dirfd, s->request->key);
	if (r == 0)
		r = run_keygen(s, &a);
	if (r == 0)
		r = take_result(dirfd, ret_line);
	if (dirfd >= 0) {
		(void)unlinkat(dirfd, "key.pub", 0);
		(void)unlinkat(dirfd, "key-cert.pub", 0);
	}
	(void)rmdir(folder);
	return r;
}
