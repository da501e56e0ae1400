/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump-dial CONN TARGET PROTO: the ProxyCommand of jumpshell's ssh, with
 * ProxyUseFdpass. It asks the relay, keeps its socket until the relay has
 * said whose it is, hands it to ssh and is gone. It runs with the supplier's
 * uid and believes nothing but the relay's answer.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/name.h"
#include "base/proc.h"
#include "policy/policy.h"
#include "workers/dial/relay.h"

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

static int run(char **argv)
{
	const struct relay_question q = {
		.conn = argv[1], .target = argv[2], .proto = argv[3]};
	char text[RELAY_ANSWER_MAX];
	_cleanup_close_ int fd = relay_ask(&q, text);

	if (fd < 0) {
		fprintf(stderr, "%s\n", text);
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
