/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpshell/certify.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "jumpshell/certificate.h"
#include "jumpshell/memfile.h"
#include "jumpshell/texts.h"

#define KEY_FILE_MAX 1024 /* "ssh-ed25519 AAAA... some comment" */

static int usage(const char *target)
{
	fprintf(stderr,
		"Send the public half of an Ed25519 key: ssh BASTION cert %s "
		"< ~/.ssh/id_ed25519.pub\n",
		target);
	return SHELL_USAGE;
}

/* "type base64\n" of the first line; the worker judges the rest. */
static int take_key(char text[KEY_FILE_MAX + 1])
{
	ssize_t n = fd_read_full(STDIN_FILENO, text, KEY_FILE_MAX);
	char *end;

	if (n <= 0)
		return n < 0 ? (int)n : -ENODATA;
	text[n] = '\0';
	if (strncmp(text, "ssh-ed25519 ", 12) != 0)
		return -EINVAL;
	end = text + 12 + strcspn(text + 12, " \t\r\n");
	if (*end == '\0' && n == KEY_FILE_MAX)
		return -EMSGSIZE;
	memcpy(end, "\n", 2);
	return 0;
}

static int print_all(int memory_file)
{
	char text[CERTIFICATE_MAX];
	ssize_t n = pread(memory_file, text, sizeof(text), 0);

	if (n <= 0)
		return n < 0 ? -errno : -EBADMSG;
	return fwrite(text, 1, (size_t)n, stdout) == (size_t)n ? 0 : -EIO;
}

/* What the worker refuses it writes down itself. */
static void write_down(
	const struct shell *s, const char *target, const char *reason)
{
	struct event e = {
		.id = EVENT_CERT_ISSUED,
		.target = target,
		.reason = reason,
	};

	witness_refused(&s->witness, &e);
}

static int tell(const char *target, const char *reason)
{
	fprintf(stderr, "%s: %s\n", target, text_refusal(reason));
	return SHELL_REFUSED;
}

static int refuse(const struct shell *s, const char *target, const char *reason)
{
	write_down(s, target, reason);
	return tell(target, reason);
}

static int certify(
	const struct shell *s, const struct decision *d, const char *key)
{
	_cleanup_close_ int sock = certificate_connect(d->target->zone);
	_cleanup_close_ int file = memfile_open("certificate");
	const char *target = d->target->name;
	struct ask_answer answer = {0};
	char conn[CONN_SIZE];
	const struct certificate_request q = {
		.conn = conn,
		.target = target,
		.account = d->grant->account,
		.proto = PROTO_SSH,
		.public_line = key,
	};
	int r;

	if (sock < 0)
		return refuse(s, target, "certificate");
	if (file < 0 || conn_make(conn) < 0)
		return refuse(s, target, "error");
	r = certificate_get(sock, &q, file, &answer);
	if (r == -EACCES)
		return strcmp(answer.reason, "request") == 0
			       ? usage(target)
			       : tell(target, answer.reason);
	if (r == 0)
		r = print_all(file);
	return r == 0 ? 0 : refuse(s, target, "certificate");
}

int certify_run(struct shell *s, const char *target)
{
	struct decision d =
		access_target(&s->access, CHANNEL_TUNNEL, target, PROTO_SSH);
	char key[KEY_FILE_MAX + 1];
	const char *not_now;

	if (!d.allow) {
		write_down(s, target, reason_word(d.reason));
		text_denied(&s->access, target, &d);
		return SHELL_REFUSED;
	}
	not_now = access_not_now(&s->access);
	if (not_now)
		return refuse(s, target, not_now);
	if (s->terminal.is || take_key(key) < 0)
		return usage(target);
	return certify(s, &d, key);
}
