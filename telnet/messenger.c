/* SPDX-License-Identifier: BSD-2-Clause */
#include "telnet/messenger.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

#define FETCH_WAIT_MS 15000

enum word { WORD_FETCH = 'f', WORD_RIGHT = 'r', WORD_WRONG = 'w' };

/* One packet of the messenger: what it brought, or why it brought nothing. */
struct reply {
	int error;
	struct secret secret;
	char text[WORKER_TEXT_SIZE];
};

static void reply_wipe(struct reply *r)
{
	explicit_bzero(r, sizeof(*r));
}
#define _cleanup_reply_ _cleanup_(reply_wipe)

static void fetch(int fd, const struct worker_claim *c)
{
	_cleanup_reply_ struct reply r = {0};

	r.error = worker_fetch(c, &r.secret, r.text);
	(void)send(fd, &r, sizeof(r), MSG_NOSIGNAL);
}

/* Fetches once, tells once, in this order. */
__attribute__((noreturn)) static void child(
	int fd, const struct worker_claim *c)
{
	bool fetched = false;
	char word;

	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		(void)close(i); /* a terminal that ends shall not wait for us */
	while (recv(fd, &word, 1, 0) == 1) {
		if (word == WORD_FETCH && !fetched) {
			fetched = true;
			fetch(fd, c);
			continue;
		}
		if (fetched && (word == WORD_RIGHT || word == WORD_WRONG))
			_exit(worker_tell(c, word == WORD_RIGHT) < 0);
		break;
	}
	_exit(0);
}

int messenger_start(const struct worker_claim *c)
{
	_cleanup_close_ int ours = -1, its = -1;
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	ours = pair[0];
	its = pair[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		(void)close(ours);
		/* a cut ends the other one; this one ends at its end of file */
		(void)signal(SIGHUP, SIG_IGN);
		child(its, c);
	}
	return TAKE_FD(ours);
}

int messenger_fetch(
	int fd, struct secret *ret_secret, char ret_text[WORKER_TEXT_SIZE])
{
	_cleanup_reply_ struct reply r = {0};
	const char word = WORD_FETCH;
	struct pollfd p = {.fd = fd, .events = POLLIN};

	memcpy(ret_text, "The stored password can't be had.", 34);
	if (send(fd, &word, 1, MSG_NOSIGNAL) != 1)
		return -EPIPE;
	if (poll(&p, 1, FETCH_WAIT_MS) != 1)
		return -ETIMEDOUT;
	if (recv(fd, &r, sizeof(r), 0) != sizeof(r))
		return -EPIPE;
	if (r.error == 0)
		return secret_set(ret_secret, r.secret.bytes, r.secret.len);
	r.text[sizeof(r.text) - 1] = '\0';
	memcpy(ret_text, r.text, sizeof(r.text));
	return r.error;
}

void messenger_tell(int fd, bool right)
{
	const char word = right ? WORD_RIGHT : WORD_WRONG;

	(void)send(fd, &word, 1, MSG_NOSIGNAL);
}
