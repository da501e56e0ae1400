/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump-askpass: what ssh asks for a password on a connection whose target has
 * a stored one. It fetches that from jump-credential, prints it to ssh and is
 * gone; ssh's question is its only argument, connection and target are in its
 * environment, and neither is a secret.
 *
 * When there is no answer, ssh would send an empty password and try on. So
 * ssh, our parent, is ended then: the device has been asked nothing more.
 *
 * Asked with the words "right" or "wrong" it tells how the trial went.
 */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/moment.h"
#include "base/name.h"
#include "base/proc.h"

#define SOCKET_FMT     "/run/jump/credential/%s@%s.sock"
#define ANSWER_MAX     512
#define ANSWER_WAIT_MS 10000
#define WORDS_MAX      1024

struct who {
	char account[NAME_SIZE];
	char target[NAME_SIZE];
};

/* "ACCOUNT@TARGET" up to `end`. */
static int take_who(const char *at, const char *end, struct who *ret)
{
	const char *sign = memchr(at, '@', (size_t)(end - at));
	struct who w = {0};

	if (!sign || sign - at >= NAME_SIZE || end - sign - 1 >= NAME_SIZE)
		return -EINVAL;
	memcpy(w.account, at, (size_t)(sign - at));
	memcpy(w.target, sign + 1, (size_t)(end - sign - 1));
	if (!name_valid(w.account) || !name_valid(w.target))
		return -EINVAL;
	*ret = w;
	return 0;
}

/* A device that asks by keyboard-interactive may ask for anything. */
static bool asks_for_password(const char *text)
{
	static const char *const words[] = {
		"password", "passwort", "passcode", "kennwort"};
	char small[WORDS_MAX];
	size_t len = 0;

	for (; *text && len < sizeof(small) - 1; text++)
		small[len++] = (char)tolower((unsigned char)*text);
	small[len] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strstr(small, words[i]))
			return true;
	}
	return false;
}

/*
 * ssh's own words for the method password, "ACCOUNT@TARGET's password: ", or
 * the device's behind "(ACCOUNT@TARGET) ". Nothing else is answered.
 */
static int take_question(const char *question, struct who *ret)
{
	static const char own[] = "'s password: ";
	size_t len = strlen(question);
	const char *end;

	if (getenv("SSH_ASKPASS_PROMPT"))
		return -EINVAL; /* a yes or no, or only to be shown */
	if (question[0] == '(') {
		end = strstr(question, ") ");
		if (!end || !asks_for_password(end + 2))
			return -EINVAL;
		return take_who(question + 1, end, ret);
	}
	if (len < strlen(own) ||
		strcmp(question + len - strlen(own), own) != 0)
		return -EINVAL;
	return take_who(question, question + len - strlen(own), ret);
}

static int connect_worker(const struct who *w)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int n = snprintf(address.sun_path, sizeof(address.sun_path), SOCKET_FMT,
		w->account, w->target);

	if (fd < 0)
		return -errno;
	if (n < 0 || (size_t)n >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	if (connect(fd, (const void *)&address, sizeof(address)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int say(int fd, const char *verb, const char *conn, const char *target)
{
	char line[128];
	int n = snprintf(line, sizeof(line), "%s conn=%s target=%s\n", verb,
		conn, target);

	if (n < 0 || (size_t)n >= sizeof(line))
		return -EMSGSIZE;
	return send(fd, line, (size_t)n, MSG_NOSIGNAL) == n ? 0 : -EPIPE;
}

/* All of the answer up to the end of file, with a NUL. */
static int hear(int fd, char answer[ANSWER_MAX])
{
	int64_t until_ms = moment_boot_ms() + ANSWER_WAIT_MS;
	size_t len = 0;

	while (len < ANSWER_MAX - 1) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left_ms = until_ms - moment_boot_ms();
		ssize_t n;

		if (left_ms <= 0 || poll(&p, 1, (int)left_ms) == 0)
			return -ETIMEDOUT;
		n = recv(fd, answer + len, ANSWER_MAX - 1 - len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0) {
			answer[len] = '\0';
			return len >= 3 ? 0 : -EBADMSG;
		}
		len += (size_t)n;
	}
	return -EMSGSIZE;
}

/* Printable only: the words are ours, but they go to a terminal. */
static void complain(const struct who *w, const char *text)
{
	fprintf(stderr, "%s@%s: ", w->account, w->target);
	for (; *text && *text != '\n'; text++)
		(void)fputc(
			*text >= 0x20 && *text <= 0x7e ? *text : '?', stderr);
	(void)fputc('\n', stderr);
}

/* "no REASON TEXT": the text, without the word that is for programs. */
static const char *sentence_of(const char *answer)
{
	const char *blank =
		strncmp(answer, "no ", 3) == 0 ? strchr(answer + 3, ' ') : NULL;

	return blank ? blank + 1 : "The stored password can't be had.";
}

static int fetch(const struct who *w, const char *conn, const char *target)
{
	_cleanup_close_ int fd = connect_worker(w);
	char answer[ANSWER_MAX];
	int r = fd;

	if (r >= 0)
		r = say(fd, "get", conn, target);
	if (r >= 0)
		r = hear(fd, answer);
	if (r < 0) {
		complain(w, fd < 0 ? "No password is stored for this account. "
				     "Ask the operator of the bastion."
				   : "The stored password can't be had.");
		return r;
	}
	if (strncmp(answer, "ok\n", 3) != 0) {
		complain(w, sentence_of(answer));
		return -EACCES;
	}
	r = fd_write_all(STDOUT_FILENO, answer + 3, strlen(answer + 3));
	explicit_bzero(answer, sizeof(answer));
	return r < 0 ? r : fd_write_all(STDOUT_FILENO, "\n", 1);
}

static int answer_question(const char *question)
{
	const char *conn = getenv("JUMP_CONN"), *target = getenv("JUMP_TARGET");
	struct who w = {0};
	int r = -EINVAL;

	if (!conn || !target || !conn_valid(conn) || !name_valid(target))
		return -EINVAL;
	if (take_question(question, &w) == 0)
		r = fetch(&w, conn, target);
	else
		fprintf(stderr, "%s: The target asks for something other than "
				"a password. It is not answered.\n",
			target);
	return r;
}

/* right|wrong CONN TARGET ACCOUNT@HOLDER */
static int tell(char **argv)
{
	_cleanup_close_ int fd = -1;
	char answer[ANSWER_MAX];
	struct who w;

	if (!conn_valid(argv[2]) || !name_valid(argv[3]) ||
		take_who(argv[4], argv[4] + strlen(argv[4]), &w) < 0)
		return -EINVAL;
	fd = connect_worker(&w);
	if (fd < 0)
		return fd;
	if (say(fd, argv[1], argv[2], argv[3]) < 0)
		return -EPIPE;
	return hear(fd, answer);
}

int main(int argc, char **argv)
{
	static const char *const keep[] = {
		"JUMP_CONN", "JUMP_TARGET", "SSH_ASKPASS_PROMPT", NULL};

	if (proc_harden(0, keep) < 0)
		return 1;
	if (argc == 5 && (strcmp(argv[1], "right") == 0 ||
				 strcmp(argv[1], "wrong") == 0))
		return tell(argv) < 0;
	if (argc != 2) {
		fprintf(stderr, "jump-askpass is started by ssh.\n");
		return 64;
	}
	if (answer_question(argv[1]) == 0)
		return 0;
	(void)kill(getppid(), SIGTERM);
	return 1;
}
