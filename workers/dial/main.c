/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump-dial CONN TARGET PROTO: the ProxyCommand of jumpshell's ssh, with
 * ProxyUseFdpass. It asks the relay, keeps its socket until the relay has
 * said whose it is, hands it to ssh and is gone. It runs with the supplier's
 * uid and believes nothing but the relay's answer.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/moment.h"
#include "base/name.h"
#include "base/proc.h"
#include "policy/policy.h"

#define RELAY_SOCKET   "/run/jump/relay.sock"
#define ANSWER_MAX     512
#define ANSWER_WAIT_MS 10000
#define IDENTIFIED     "ok identified"

/* A relay whose queue is full must not hold us for ever. */
static int limit_sending(int fd, int wait_ms)
{
	const struct timeval wait = {.tv_sec = wait_ms / 1000};

	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) < 0)
		return -errno;
	return 0;
}

static int connect_relay(void)
{
	const struct sockaddr_un address = {
		.sun_family = AF_UNIX, .sun_path = RELAY_SOCKET};
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (limit_sending(fd, ANSWER_WAIT_MS) < 0 ||
		connect(fd, (const void *)&address, sizeof(address)) < 0)
		return -errno;
	if (limit_sending(fd, 0) < 0) /* ssh is to have it as it was */
		return -errno;
	return TAKE_FD(fd);
}

static int ask(int fd, char **argv)
{
	char line[256];
	int n = snprintf(line, sizeof(line),
		"connect conn=%s target=%s proto=%s\n", argv[1], argv[2],
		argv[3]);

	if (n < 0 || (size_t)n >= sizeof(line))
		return -EMSGSIZE;
	return fd_write_all(fd, line, (size_t)n);
}

/*
 * One line and not a byte more: what follows are the target's first words,
 * which are for ssh.
 */
static int hear(int fd, char answer[ANSWER_MAX])
{
	int64_t until_ms = moment_boot_ms() + ANSWER_WAIT_MS;

	for (size_t len = 0; len < ANSWER_MAX; len++) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left_ms = until_ms - moment_boot_ms();

		if (left_ms <= 0 || poll(&p, 1, (int)left_ms) == 0)
			return -ETIMEDOUT;
		if (recv(fd, answer + len, 1, 0) != 1)
			return -EPIPE;
		if (answer[len] == '\n') {
			answer[len] = '\0';
			return 0;
		}
	}
	return -EMSGSIZE;
}

static int pass_on(int out, int fd)
{
	char byte = 0;
	struct iovec data = {.iov_base = &byte, .iov_len = 1};
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(out, &message, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

/* The relay's words are ours, but bytes on a terminal are checked anyway. */
static void report(const char *text)
{
	for (; *text; text++)
		(void)fputc(
			*text >= 0x20 && *text <= 0x7e ? *text : '?', stderr);
	(void)fputc('\n', stderr);
}

static int run(char **argv)
{
	_cleanup_close_ int fd = connect_relay();
	char answer[ANSWER_MAX];
	int r = fd < 0 ? fd : ask(fd, argv);

	if (r == 0)
		r = hear(fd, answer);
	if (r < 0) {
		fprintf(stderr, "relay %s\n",
			r == -ETIMEDOUT ? "did not answer in time"
					: "can't be reached");
		return 1;
	}
	if (strcmp(answer, IDENTIFIED) != 0) {
		report(strncmp(answer, "no ", 3) == 0 ? answer + 3 : answer);
		return 1;
	}
	if (pass_on(STDOUT_FILENO, fd) < 0) {
		fprintf(stderr, "relay connection can't be handed to ssh\n");
		return 1;
	}
	return 0;
}

/*
 * ssh starts a ProxyCommand as "$SHELL -c 'exec COMMAND'". jumpshell sets
 * SHELL to this program, so that no shell is needed for it: the words are
 * taken apart here, by single blanks and by nothing else.
 */
#define SHELL_WORDS 5 /* exec PROGRAM CONN TARGET PROTO */

static int take_apart(char *command, char **ret_argv)
{
	char *word[SHELL_WORDS], *at = command;
	size_t n = 0;

	while (n < SHELL_WORDS && at) {
		word[n++] = at;
		at = strchr(at, ' ');
		if (at)
			*at++ = '\0';
	}
	if (n != SHELL_WORDS || at || strcmp(word[0], "exec") != 0)
		return -EINVAL;
	for (n = 1; n < SHELL_WORDS; n++)
		ret_argv[n - 1] = word[n];
	return 0;
}

int main(int argc, char **argv)
{
	char *words[SHELL_WORDS - 1];

	if (proc_harden(0, NULL) < 0)
		return 1;
	if (argc == 3 && strcmp(argv[1], "-c") == 0 &&
		take_apart(argv[2], words) == 0) {
		argc = SHELL_WORDS - 1;
		argv = words;
	}
	if (argc != 4 || !conn_valid(argv[1]) || !name_valid(argv[2]) ||
		proto_from_name(argv[3]) == PROTO_NONE) {
		fprintf(stderr, "usage: jump-dial CONN TARGET PROTO\n");
		return 64;
	}
	return run(argv);
}
