/* SPDX-License-Identifier: BSD-2-Clause */
#include "jumpctl/credential.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/secret.h"

/* One line of the terminal, which shows none of it. */
static ssize_t type_line(const char *question, const char *who, char *ret,
	size_t size)
{
	struct termios before, quiet;
	ssize_t n;

	if (tcgetattr(STDIN_FILENO, &before) < 0)
		return -errno;
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	fprintf(stderr, "%s for %s: ", question, who);
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) < 0)
		return -errno;
	do
		n = read(STDIN_FILENO, ret, size);
	while (n < 0 && errno == EINTR);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	(void)fputc('\n', stderr);
	return n;
}

static const char *type_twice(const char *who, struct given *g)
{
	struct secret again = {0};
	ssize_t one = type_line("Password", who, g->bytes, sizeof(g->bytes));
	ssize_t two = one <= 0 ? one
			       : type_line("Once more", who,
					 (char *)again.bytes,
					 sizeof(again.bytes));
	bool same = one > 0 && two > 0 &&
		    secret_equal(g->bytes, (size_t)one, again.bytes,
			    (size_t)two);

	secret_wipe(&again);
	g->len = same ? (size_t)one : 0;
	return same ? NULL : "the two are not the same, or too long";
}

static const char *judge_password(struct given *g)
{
	if (g->len > 0 && g->bytes[g->len - 1] == '\n')
		g->len--;
	if (g->len == 0 || g->len > CREDENTIAL_PASSWORD_MAX)
		return "a password has 1 to 127 bytes";
	for (size_t i = 0; i < g->len; i++) {
		unsigned char c = (unsigned char)g->bytes[i];

		if (c < 0x20 || c == 0x7f)
			return "a password is one line without control bytes";
	}
	return NULL;
}

const char *credential_read(const char *who, struct given *ret)
{
	static const char pem[] = "-----BEGIN ";
	ssize_t n;

	if (isatty(STDIN_FILENO)) {
		const char *off = type_twice(who, ret);

		return off ? off : judge_password(ret);
	}
	n = fd_read_full(STDIN_FILENO, ret->bytes, sizeof(ret->bytes));
	if (n <= 0 || (size_t)n == sizeof(ret->bytes))
		return n <= 0 ? "standard input has nothing"
			      : "what standard input has is too long";
	ret->len = (size_t)n;
	ret->is_key = ret->len > strlen(pem) &&
		      memcmp(ret->bytes, pem, strlen(pem)) == 0;
	return ret->is_key ? NULL : judge_password(ret);
}
